import { CliError } from '../errors/cli-error.js';
import type { LabRecord } from '../lab/lab-store.js';
import { saveRecord, type Lab } from '../lab/lab.js';

/** Sets or removes the protection from `down` and `rebuild`; false if nothing changed. */
export const setProtected = async (lab: Lab, wanted: boolean): Promise<boolean> => {
  const { record } = lab;
  if ((record.protected ?? false) === wanted) return false;
  const { protected: _before, ...rest } = record;
  const changed = wanted ? { ...rest, protected: true } : rest;
  await saveRecord(lab, changed);
  return true;
};

/** Throws LAB_PROTECTED for a protected lab. */
export const assertUnprotected = ({ name, protected: isProtected = false }: LabRecord): void => {
  if (!isProtected) return;
  throw new CliError('LAB_PROTECTED', `Lab ${name} is protected; nothing was removed.`, {
    hint: `Remove the protection: kglab unprotect -n ${name}`,
  });
};
