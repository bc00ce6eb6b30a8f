/** Absolute path of the project's root folder, which holds package.json. */
export const projectFolder: string;

/**
 * The plain Node binary for everything that is not Electron: the one the project brings, or else the one
 * that runs this, if it is new enough and not Electron in disguise.
 *
 * @returns an absolute path with links resolved
 * @throws Error saying how to get one
 */
export function findNodeRuntime(): string;
