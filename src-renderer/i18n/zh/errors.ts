export default {
  namedThing: '“{name}”',
  thisThing: '所选内容',
  'archive-corrupt': '{thing}已损坏，无法解压。请重新打包，或解压后选择文件夹。',
  'archive-encrypted': '{thing}设有密码。请自行解压后选择文件夹。',
  'archive-symlink': '{thing}内含符号链接，本程序不予跟随。请解压后选择文件夹。',
  'archive-too-large': '{thing}解压后超出允许的大小。请自行解压后选择文件夹。',
  'archive-unsafe-path': '{thing}中有指向包外的文件名，未取任何内容。请换用可信的压缩包。',
  'backend-install-failed': '训练后端未能安装，一切未改。请检查网络与剩余空间后重试。',
  'backend-lost': '训练所用设备已断开。可在本机或换用其他后端，从最近的检查点继续。',
  'backend-lost-crashes-at-start':
    '“{backend}”在训练开始前两次崩溃。原因在驱动，不在模型：请换用其他后端，或更新驱动。',
  'backend-unavailable': '训练后端无法在本机启动。请重新安装，或换用其他后端。',
  'backend-unavailable-adapter-unknown': '没有名为“{name}”的显卡。现有：{known}。请从中选择。',
  'backend-unavailable-libtensorflow-broken':
    'TensorFlow 库无法加载（{message}）。请重装：imago backends install tensorflow',
  'backend-unavailable-libtensorflow-missing':
    '尚未安装 TensorFlow 库。安装命令：imago backends install tensorflow',
  'backend-unavailable-no-adapter': '未找到 WebGPU 可用的显卡。请安装最新显卡驱动。',
  'backend-unavailable-nvidia-vulkan-missing':
    'NVIDIA 驱动已加载，但缺少其 Vulkan 组件。请安装（Debian：nvidia-vulkan-icd；Ubuntu：对应驱动版本的 libnvidia-gl）。',
  'backend-unavailable-pinned-gone': '指定的“{backend}”目前不可用，暂以“{used}”代替；恢复后仍用原指定。',
  'backend-unavailable-probe-crashed': '一经使用即崩溃。请更新驱动，或换用其他后端。',
  'backend-unavailable-probe-too-slow': '检测在 {seconds} 秒内未完成。请更新驱动。',
  'backend-unavailable-tensorflow-missing':
    '未安装 TensorFlow 软件包。请运行不带 --omit=optional 的“npm ci”，再执行 imago backends install tensorflow',
  'backend-unavailable-vulkan-driver-missing':
    '未安装 Vulkan 驱动。请安装显卡驱动（AMD 与 Intel：mesa-vulkan-drivers）。',
  'backend-unavailable-vulkan-driver-refused':
    '已有 Vulkan 驱动（{known}），但没有 WebGPU 可用的设备。请更新显卡驱动。',
  'backend-unavailable-vulkan-loader-missing':
    '缺少 Vulkan 加载器。请安装（Debian 与 Ubuntu：libvulkan1；Fedora：vulkan-loader）。',
  'backend-unavailable-webgpu-broken': 'WebGPU 软件包无法在此系统加载（{message}）。',
  'backend-unavailable-webgpu-missing': '未安装 WebGPU 软件包。请运行不带 --omit=optional 的“npm ci”。',
  'backend-unavailable-wrong-losses': '{device} 计算有误：检测所得损失为 {found}，应为 {known}。请更新驱动。',
  cancelled: '已取消，未留下半成品。',
  'checkpoint-corrupt': '{thing}已损坏。请从更早的检查点继续。',
  'checkpoint-corrupt-replaced':
    '第 {step} 步的检查点与保存时不符：文件被截断或替换。请从其他步派生，或从备份恢复该文件。',
  'checkpoint-foreign': '这个检查点属于另一种模型：它是 {found}，所需为 {needed}。请选择同类的预设与图片。',
  'checkpoint-missing': '找不到{thing}。请另选一个检查点。',
  'dataset-changed': '该版本的图片在磁盘上有变动。请重新生成此版本。',
  'class-unknown': '“{run}”不能画“{wanted}”这一类。请选择它自己的类别。',
  'dataset-does-not-fit': '图片与预设不符。请选择尺寸与通道一致的预设；条件模型还要求每个类别各有文件夹。',
  'dataset-not-paired':
    '这个模型从“输入与目标”的配对中学习，而这个版本只有单张图片。请在制备方案中说明输入从哪里来，再制作一个版本。',
  'disk-full': '磁盘已满。请腾出空间后重试；未留下半成品。',
  'disk-full-foreseen': '约需 {neededMb} MB，现余 {freeMb} MB。请腾出空间后重试。',
  'engine-crashed': '训练进程意外退出。可从最近的检查点继续。',
  'engine-failed-tensors-growing':
    '训练占用的张量不断增加（现有 {tensors}，起初 {atFirst}），已在内存耗尽前停下。请从最近的检查点继续；若再次出现，请附上记录反馈。',
  'engine-failed': '训练无法继续。可从最近的检查点恢复。',
  'export-target-not-empty': '{thing}已有文件，本程序从不覆盖。请换个位置，或选空文件夹。',
  'export-verification-failed': '写出的文件校验不符，已删除。请检查磁盘后重新导出。',
  'file-unreadable': '{thing}无法作为图片读取。可用其他程序打开查看，或不用它。',
  'file-unreadable-empty': '{thing}是空文件（0 字节）。',
  'file-unreadable-not-a-picture': '{thing}不是可读取的图片格式。',
  'file-unreadable-text': '{thing}里是文字，不是图片。',
  'file-unreadable-format-not-supported': '{thing}的格式不受支持。请转为 PNG 或 JPEG。',
  'file-unreadable-damaged': '{thing}不完整或已损坏。',
  'file-unreadable-too-many-pixels': '{thing}像素过多。请先缩小。',
  'folder-empty': '{thing}是空的。请选择有图片的文件夹。',
  'folder-without-pictures': '{thing}中没有图片。可读取 PNG、JPEG、WebP、GIF、TIFF、BMP、AVIF。',
  'gradient-exploded':
    '第 {step} 步后梯度为 {norm}，平常约 {median}，再练下去就会学坏。请降低学习率后继续；最近的检查点完好。',
  'idx-corrupt': '{thing}不是完整的 IDX 文件。请重新下载。',
  'idx-mismatch': '图片与标签两个 IDX 文件数量不一致。请选择配套的文件。',
  'input-invalid': '填写内容无法使用。请检查后重试。',
  'model-exceeds-device':
    '网络层 {layer} 需要一整块 {neededBytes}，而 {device} 至多容纳 {allowedBytes}。请减小批大小或网络宽度，或改用处理器训练。',
  'not-found': '{thing}已不存在，可能在别的窗口中被移除。',
  'not-possible-now': '此刻无法进行。请等当前任务结束后再试。',
  'not-supported-here': '当前界面不支持此操作。请直接输入路径，或改用桌面版。',
  'numbers-not-finite':
    '第 {step} 步后，“{tensor}”中出现非有限数值。此前的检查点完好：可由它生成，或调低学习率重新训练。',
  'out-of-memory': '内存不足。请减小批大小或网络宽度，再从最近的检查点继续。',
  'out-of-memory-no-batch-fits':
    '内存不足：约需 {neededBytes}，仅有 {hadBytes}。再小的批也放不下，请换用较窄的网络。',
  'out-of-memory-try-batch':
    '内存不足：每步 {batch} 张图约需 {neededBytes}，仅有 {hadBytes}。每步 {suggestedBatch} 张应可放下。',
  'path-missing': '{thing}不存在。请检查拼写，或确认磁盘已连接。',
  'pictures-too-few': '图片太少，无法训练。请补充到至少二十多张。',
  'preset-unknown': '没有名为{thing}的预设。请从列表中选择。',
  'recipe-impossible': '按这个方案，这些图片得不到任何结果。请修改后再试。',
  'recipe-impossible-balance-without-classes': '至少要有两个类别才能均衡。请从文件夹取标签，或不做均衡。',
  'recipe-impossible-held-out-empty':
    '{images} 张图片按这个比例留不出一张。请提高比例，或加入互不重复的图片。',
  'recipe-impossible-no-pairs': '“{inputs}”中没有与“{targets}”同名的图片。请选择文件名一一对应的两个文件夹。',
  'setting-fixed': '设置{thing}决定了这次训练的本质，不能中途更改。如需换值，请派生一个新的训练。',
  'setting-out-of-range': '设置“{key}”不能取 {value}。',
  'setting-unknown': '这里没有“{key}”这项设置。',
  'source-unsupported': '无法从{thing}读取图片。请选择文件夹、ZIP 或 IDX 文件。',
  'workspace-in-use': '工作区已在另一个 Imago Studio 中打开。请使用那个窗口，或先关闭它。',
  'workspace-missing': '{thing}处没有工作区。请检查拼写。',
  'workspace-newer': '此工作区由更新版本写成。请升级后再打开。',
  'workspace-read-only': '{thing}无法写入。请检查权限，或换个文件夹。',
  unexpected: '出现了意料之外的问题。数据未受影响，请重试。',
};
