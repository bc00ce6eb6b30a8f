export default {
  sampling: '绘制方式',
  withoutClasses: '需要类别的预设未列出：它们要求至少两个图片文件夹，且每张图片都在其中之一。',
  withoutPairs:
    '需要配对的预设未列出：它们要求每张图片旁有一张输入。回到上一步，在“配对”中可由图片本身制作输入：线稿、灰度、孔洞等。',
  drawnFromInputs:
    '这次训练学的是把一种图变成另一种图。每个种子从其数据版本中取一张输入；有留出的图片时，只取留出的。',
  drawnFromDamage:
    '这次训练学的是修复。每个种子从其数据版本中取一张图（有留出的图片时，只取留出的），先损坏，再修复。',
  heldOutInputs: '永不参与训练的比例。之后生成时，就以它们的输入为题。',
  repairTile: { input: '受损图 {n}', output: '修复图 {n}', target: '原图 {n}' },
  repairThrees: '三张一组：受损图、修复图、原图。',
  tile: { input: '输入 {n}', output: '由输入 {n} 画出', target: '目标 {n}' },
  threes: '三张一组：输入、由它画出的图、目标。',
  input: '所据图片',
  inputOf: { train: '版本中第 {n} 张（训练用）', 'held-out': '版本中第 {n} 张（留出）' },
};
