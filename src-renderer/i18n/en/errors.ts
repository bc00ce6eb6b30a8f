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
  'dataset-does-not-fit':
    'These pictures do not fit the preset. Choose one of the same size and the same channels; one that learns classes needs a folder for each class.',
  'dataset-not-paired':
    'This model learns from pairs of an input and a target, and this version holds single pictures. Make a version whose recipe says where the inputs come from.',
  'disk-full': 'The disk is full. Free some space, then try again; nothing half-written was kept.',
  'disk-full-foreseen':
    'This needs about {neededMb} MB, and {freeMb} MB are free. Free some space, then try again.',
  'engine-crashed': 'The training process ended unexpectedly. Resume from the last checkpoint.',
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
  'folder-empty': '{thing} is empty. Choose a folder that holds pictures.',
  'folder-without-pictures':
    '{thing} holds files but no pictures. PNG, JPEG, WebP, GIF, TIFF, BMP and AVIF are read.',
  'gradient-exploded':
    'After step {step} the gradient was {norm}, and is usually {median}: training was about to spoil. Resume with a lower learning rate; the last checkpoint is whole.',
  'idx-corrupt': '{thing} is not a whole IDX file. Download it again.',
  'idx-mismatch':
    'The IDX files of pictures and labels have different counts. Choose files that belong together.',
  'input-invalid': 'The studio could not use what was entered. Check the fields, then try again.',
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
  'preset-unknown': 'There is no preset {thing}. Choose one from the list.',
  'recipe-impossible': 'This recipe makes nothing of these pictures. Change it and try again.',
  'recipe-impossible-balance-without-classes':
    'Classes can only be evened out where there are at least two. Take labels from the folders, or leave the balance as it is.',
  'recipe-impossible-held-out-empty':
    'This share of {images} pictures holds none out. Raise it, or add pictures that are no copies of one another.',
  'recipe-impossible-no-pairs':
    'No picture of “{inputs}” has the name of one of “{targets}”. Choose two folders whose files have equal names.',
  'setting-fixed':
    'The setting {thing} is part of what this run is. Fork the run to train on with another value.',
  'setting-out-of-range': 'The setting “{key}” cannot be {value}.',
  'setting-unknown': 'There is no setting “{key}” here.',
  'source-unsupported':
    '{thing} is not something pictures can be taken from. Choose a folder, a ZIP or an IDX file.',
  'workspace-in-use': 'The workspace is open in another Imago Studio. Use that window, or close it first.',
  'workspace-missing': 'There is no workspace at {thing}. Check the spelling.',
  'workspace-newer': 'This workspace was written by a newer Imago Studio. Update the studio to open it.',
  'workspace-read-only': '{thing} cannot be written. Check its permissions, or choose another folder.',
  unexpected: 'Something the studio did not expect went wrong. Your data are untouched; try again.',
};
