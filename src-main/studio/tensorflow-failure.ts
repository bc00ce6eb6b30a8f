import { StudioError } from '../contract/errors.ts';

/** What stood against installing TensorFlow's library; `reason` names it for programs. */
export function installFailed(
  reason: string,
  message: string,
  details: Record<string, string> = {},
  cause?: unknown,
): StudioError {
  return new StudioError(
    'backend-install-failed',
    message,
    { backend: 'tensorflow', reason, ...details },
    cause,
  );
}
