import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where a workspace lives unless another is named: a folder the user can see, copy and delete. */
export const defaultWorkspace = (): string => join(homedir(), 'Imago Studio');
