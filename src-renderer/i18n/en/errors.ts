export default {
  namedThing: '“{name}”',
  thisThing: 'It',
  'archive-corrupt':
    '{thing} is damaged and cannot be unpacked. Make the ZIP again, or unpack it and choose the folder.',
  'archive-encrypted': '{thing} is protected by a password. Unpack it yourself and choose the folder.',
  'archive-symlink':
    '{thing} holds links to other files, which are not followed. Unpack it and choose the folder.',
  'archive-too-large':
    '{thing} would unpack to more than the studio allows. Unpack it yourself and choose the folder.',
  'archive-unsafe-path':
    '{thing} holds a name that points outside the archive. Nothing was taken from it; use a ZIP you trust.',
  'array-layout-needed':
    '{thing} holds {found}, and that can be understood in more than one way. Say how its pictures lie: {choices}.',
  'array-unusable': '{thing} is not an array of pictures. Save it again as uint8, (count, height, width, 3).',
  'array-unusable-cut-short': '{thing} is cut short. Copy or save it again.',
  'array-unusable-data-type':
    '{thing} holds numbers of a kind that pictures and labels do not have. Save it as uint8 or float32.',
  'array-unusable-header-unreadable': 'The header of {thing} is damaged. Save it again with numpy.save.',
  'array-unusable-labels-differ':
    '{thing} holds {pictures} pictures and {labels} labels, so they do not belong together. Choose another array of labels, or none.',
  'array-unusable-layout-impossible':
    'The array of {thing} has the shape {found}, which cannot be read as {layout}. Choose another layout.',
  'array-unusable-member-missing': '{thing} has no array of that name. There are: {known}.',
  'array-unusable-no-header': '{thing} has no NumPy header. Save it again with numpy.save or numpy.savez.',
  'array-unusable-objects':
    '{thing} holds Python objects, which only running code from the file could read. Save plain numbers: numpy.save(file, numpy.stack(pictures)).',
  'array-unusable-records':
    '{thing} holds records with fields. Save the pictures as a plain array of numbers.',
  'array-unusable-shape':
    'The shape of {thing} is none of pictures. Save an array such as (count, height, width, 3).',
  'array-unusable-size-differs':
    '{thing} holds more or fewer bytes than its header says. Save it again with numpy.save.',
  'array-unusable-too-large':
    'The pictures of {thing} do not lie one after the other, and it is too large to be put in order here. Save numpy.ascontiguousarray(pictures), the count as first axis.',
  'backend-install-failed':
    'The training backend could not be installed. Nothing was changed; check the connection and the free space, then try again.',
  'backend-lost':
    'The device that was training is gone. Resume from the last checkpoint, here or on another backend.',
  'backend-lost-crashes-at-start':
    '“{backend}” ended its process twice before training could start. That is the driver’s doing, not the model’s: go on with another backend, or update the driver.',
  'backend-unavailable':
    'The training backend cannot start on this machine. Reinstall the studio, or choose another backend.',
  'backend-unavailable-adapter-unknown':
    'There is no graphics adapter “{name}”. There are: {known}. Pin one of these.',
  'backend-unavailable-libtensorflow-broken':
    'The TensorFlow library does not load ({message}). Install it anew: imago backends install tensorflow',
  'backend-unavailable-libtensorflow-missing':
    'The TensorFlow library is not installed. To install it: imago backends install tensorflow',
  'backend-unavailable-no-adapter':
    'No graphics device that WebGPU can use was found. Install the newest driver of your graphics card.',
  'backend-unavailable-nvidia-vulkan-missing':
    'The NVIDIA driver is loaded, but its Vulkan part is missing. Install it (Debian: nvidia-vulkan-icd; Ubuntu: the libnvidia-gl package of your driver).',
  'backend-unavailable-pinned-gone':
    '“{backend}” is pinned and not there, so “{used}” is used instead. The pin stays for when it is back.',
  'backend-unavailable-probe-crashed':
    'It ends its process when it is used. Update its driver, or use another backend.',
  'backend-unavailable-probe-too-slow': 'Its probe did not end within {seconds} seconds. Update its driver.',
  'backend-unavailable-tensorflow-missing':
    'TensorFlow’s package is not installed. Run “npm ci” without --omit=optional, then: imago backends install tensorflow',
  'backend-unavailable-vulkan-driver-missing':
    'No Vulkan driver is installed. Install the driver of your graphics card (AMD and Intel: mesa-vulkan-drivers).',
  'backend-unavailable-vulkan-driver-refused':
    'Vulkan has a driver ({known}), but no device that WebGPU can use. Update the driver of your graphics card.',
  'backend-unavailable-vulkan-loader-missing':
    'The Vulkan loader is missing. Install it (Debian and Ubuntu: libvulkan1; Fedora: vulkan-loader).',
  'backend-unavailable-webgpu-broken': 'WebGPU’s package does not load on this system ({message}).',
  'backend-unavailable-webgpu-missing':
    'WebGPU’s package is not installed. Run “npm ci” without --omit=optional.',
  'backend-unavailable-wrong-losses':
    '{device} computes wrongly: the probe’s loss was {found} where {known} is right. Update its driver.',
  cancelled: 'Cancelled; nothing half-made was kept.',
  'checkpoint-corrupt': '{thing} is damaged. Go on from an earlier checkpoint.',
  'checkpoint-corrupt-replaced':
    'The checkpoint of step {step} is not what was saved: it was cut short or replaced. Fork the run at another step, or put the file back from a backup.',
  'checkpoint-foreign':
    'This checkpoint is of another model: it is {found}, and {needed} is needed. Choose a preset and pictures of the same kind.',
  'checkpoint-missing': '{thing} cannot be found. Choose another checkpoint.',
  'dataset-changed': 'The pictures of this version changed on the disk. Build the version again.',
  'class-unknown': '“{run}” cannot draw the class “{wanted}”. Choose one of its own classes.',
  'connection-failed':
    'The database “{database}” does not answer as wanted: {cause}. Check the address, the name and the password.',
  'container-corrupt': '{thing} is damaged or not what its name says. Download or make it again.',
  'container-without-pictures':
    '{thing} has no column of pictures. A column “image” with the bytes of each is needed; there are: {known}.',
  'dataset-does-not-fit':
    'These pictures do not fit the preset. Choose one of the same size and the same channels; one that learns classes needs a folder for each class.',
  'dataset-not-paired':
    'This model learns from pairs of an input and a target, and this version holds single pictures. Make a version whose recipe says where the inputs come from.',
  'disk-full': 'The disk is full. Free some space, then try again; nothing half-written was kept.',
  'disk-full-foreseen':
    'This needs about {neededMb} MB, and {freeMb} MB are free. Free some space, then try again.',
  'engine-crashed': 'The training process ended unexpectedly. Resume from the last checkpoint.',
  'ensemble-mismatch':
    '{thing} draws {found} pictures where {needed} ones are needed, so they cannot draw as one model. Choose runs of the same size and colours.',
  'engine-failed-tensors-growing':
    'Training kept more and more tensors ({tensors}, at first {atFirst}) and was stopped before memory ran out. Resume from the last checkpoint; if it happens again, please report it with the log.',
  'engine-failed': 'Training could not go on. Resume from the last checkpoint.',
  'export-target-not-empty':
    '{thing} already holds files, and nothing is ever overwritten. Choose another place or an empty folder.',
  'export-verification-failed':
    'The written export did not match its pictures and was removed. Check the disk, then export again.',
  'file-unreadable': '{thing} cannot be read as a picture. Open it in another program, or leave it out.',
  'file-unreadable-empty': '{thing} is empty (0 bytes).',
  'file-unreadable-not-a-picture': '{thing} is not a picture of a format that is read here.',
  'file-unreadable-text': '{thing} holds text, not a picture.',
  'file-unreadable-format-not-supported':
    '{thing} is in a format that is not read here. Convert it to PNG or JPEG.',
  'file-unreadable-damaged': '{thing} is cut short or damaged.',
  'file-unreadable-too-many-pixels': '{thing} has too many pixels. Scale it down first.',
  'file-unreadable-address-private':
    '{thing} is an address of this computer or its own network. Allow such addresses if you trust the list.',
  'file-unreadable-address-scheme': '{thing} is not a web address. Only http and https are fetched.',
  'file-unreadable-gave-up': '{thing} did not come within the time limit.',
  'file-unreadable-not-in-source': '{thing} is named in the manifest, and there is no such file.',
  'file-unreadable-outside': '{thing} lies outside the folder of the manifest that names it.',
  'file-unreadable-row': '{thing} of the manifest cannot be read.',
  'file-unreadable-http-status': '{thing} is not given out: the server answered {status}.',
  'file-unreadable-no-bytes': '{thing} holds no picture: the value is not bytes.',
  'file-unreadable-numbers':
    '{thing} holds numbers that are infinite, undefined or outside the range that was named.',
  'file-unreadable-page-without-picture': '{thing} is a web page that names no picture of its own.',
  'file-unreadable-redirects': '{thing} leads from address to address without an end.',
  'file-unreadable-robots': '{thing} is a page whose pictures its site asks programs not to fetch.',
  'file-unreadable-too-large': '{thing} is larger than the limit.',
  'file-unreadable-unreachable': '{thing} cannot be reached: {cause}.',
  'folder-empty': '{thing} is empty. Choose a folder that holds pictures.',
  'folder-without-pictures':
    '{thing} holds files but no pictures. PNG, JPEG, WebP, GIF, TIFF, BMP and AVIF are read.',
  'gradient-exploded':
    'After step {step} the gradient was {norm}, and is usually {median}: training was about to spoil. Resume with a lower learning rate; the last checkpoint is whole.',
  'idx-corrupt': '{thing} is not a whole IDX file. Download it again.',
  'idx-mismatch':
    'The IDX files of pictures and labels have different counts. Choose files that belong together.',
  'input-invalid': 'The studio could not use what was entered. Check the fields, then try again.',
  'manifest-invalid':
    'The manifest {thing} cannot be read. Save it as CSV or JSONL with one picture in each row.',
  'manifest-invalid-line-too-long':
    'The manifest {thing} has a row of more than 1 MB. A closing quote may be missing.',
  'manifest-invalid-quotes':
    'The quotes in the manifest {thing} do not match. Save it again as CSV from the program it comes from.',
  'manifest-invalid-no-pictures':
    'The manifest {thing} names no pictures. It needs a column “file_name” or “url”.',
  'mask-unusable': 'The mask cannot be used. Hide another part of the picture.',
  'mask-unusable-missing': 'Say what is to be made up: paint over it, or name the lower part or a box.',
  'mask-unusable-not-taken': '“{name}” turns whole pictures into others and takes no mask. Clear the mask.',
  'mask-unusable-nothing':
    'The mask hides nothing, so there is nothing to make up. Paint over what is to be made anew.',
  'mask-unusable-everything':
    'The mask hides the whole picture, so nothing of it would be kept. Hide less of it, or generate new pictures instead.',
  'mask-unusable-outside':
    'The box reaches beyond the picture, which is {sizePx} pixels wide and high to the model.',
  'mask-unusable-not-transparent': 'Nothing in “{name}” is transparent. Paint over what is to be made up.',
  'mask-unusable-size':
    'The mask is {found} pixels large. It takes {model}, as the model, or {picture}, as the picture.',
  'model-exceeds-device':
    'The layer {layer} needs {neededBytes} in one piece, and {device} takes {allowedBytes}. Lower the pictures per step or the network width, or train on the processor.',
  'not-found': '{thing} is no longer there. It may have been removed in another window.',
  'not-possible-now':
    'That is not possible at the moment. Wait until what is running has ended, then try again.',
  'not-supported-here':
    'This face of the studio cannot do that. Type the path instead, or use the desktop app.',
  'numbers-not-finite':
    'After step {step} the numbers in “{tensor}” became infinite or undefined. The last checkpoint is whole: generate from it, or train again with a lower learning rate.',
  'out-of-memory':
    'Memory ran out. Lower the pictures per step or the network width, then resume from the last checkpoint.',
  'out-of-memory-no-batch-fits':
    'Memory ran out: this needs about {neededBytes}, and {hadBytes} were there. No smaller batch fits; choose a narrower network.',
  'out-of-memory-try-batch':
    'Memory ran out: {batch} pictures per step need about {neededBytes}, and {hadBytes} were there. {suggestedBatch} pictures per step would fit.',
  'path-missing': '{thing} does not exist. Check the spelling, or whether the drive is connected.',
  'pictures-too-few': 'There are too few pictures to train on. Add more, at least two dozen.',
  'precision-unavailable':
    'Mixed precision needs a graphics card with 16-bit arithmetic, reached through WebGPU, and “{device}” is none. Set the precision to full, or train on one that is; the settings say which.',
  'preset-unknown': 'There is no preset {thing}. Choose one from the list.',
  'query-failed': 'The database could not answer the query: {cause}. Correct the query, then try again.',
  'query-failed-not-a-select':
    'Only reading is done here: the query has to be one SELECT. Nothing was changed in the database.',
  'query-too-slow':
    'The query gave no row for {seconds} seconds and was stopped. Make it quicker, or raise the time limit.',
  'query-without-pictures':
    'The query returns no pictures: no column holds their bytes. There are: {known}. Return the bytes as “image”.',
  'query-without-pictures-no-rows': 'The query returns no rows. Change its conditions, then try again.',
  'recipe-impossible': 'This recipe makes nothing of these pictures. Change it and try again.',
  'recipe-impossible-balance-without-classes':
    'Classes can only be evened out where there are at least two. Take labels from the folders, or leave the balance as it is.',
  'recipe-impossible-held-out-empty':
    'This share of {images} pictures holds none out. Raise it, or add pictures that are no copies of one another.',
  'recipe-impossible-no-pairs':
    'No picture of “{inputs}” has the name of one of “{targets}”. Choose two folders whose files have equal names.',
  'repair-unsupported':
    '“{name}” only draws pictures of its own. To repair one, choose a run of diffusion, the denoiser, VQ-VAE with Transformer or pix2pix.',
  'setting-fixed':
    'The setting {thing} is part of what this run is. Fork the run to train on with another value.',
  'setting-out-of-range': 'The setting “{key}” cannot be {value}.',
  'setting-unknown': 'There is no setting “{key}” here.',
  'source-unsupported':
    '{thing} is not something pictures can be taken from. Choose a folder, an archive, or a file that holds pictures.',
  'workspace-in-use': 'The workspace is open in another Imago Studio. Use that window, or close it first.',
  'workspace-missing': 'There is no workspace at {thing}. Check the spelling.',
  'workspace-newer': 'This workspace was written by a newer Imago Studio. Update the studio to open it.',
  'workspace-read-only': '{thing} cannot be written. Check its permissions, or choose another folder.',
  unexpected: 'Something the studio did not expect went wrong. Your data are untouched; try again.',
};
