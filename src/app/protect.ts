import { CliError } from '../errors/cli-error.js';
import type { LabRecord } from '../lab/lab-store.js';
import { saveRecord, type Lab } from '../lab/lab.js';

/** Protects a lab from `down` and `rebuild`, or no longer; false when it already was so. */
export const setProtected = async (lab: Lab, wanted: boolean): Promise<boolean> => {
  const { record } = lab;
  if ((record.protected ?? false) === wanted) return false;
  const { protected: _before, ...rest } = record;
  const changed = wanted ? { ...rest, protected: true } : rest;
  await saveRecord(lab, changed);
  return true;
};

/** Throws LAB_PROTECTED for a lab that is not to be taken apart. */
export const assertUnprotected = ({ name, protected: isProtected = false }: LabRecord): void => {
  if (!isProtected) return;
  throw new CliError('LAB_PROTECTED', `Lab ${name} is protected; nothing was removed.`, {
    hint: `If it is to go: kglab unprotect -n ${name}`,
  });
};
