import { createORPCClient } from '@orpc/client';
import type { ContractRouterClient } from '@orpc/contract';
import type { Contract } from '../../src-main/contract/api.ts';
import { studioLink } from './connection.ts';

export type StudioClient = ContractRouterClient<Contract>;

/** Every call of the contract, typed; the same object in the desktop and in the browser. */
export const client: StudioClient = createORPCClient(studioLink);

/** The studio's client, in the form that components read. */
export const useClient = (): StudioClient => client;
