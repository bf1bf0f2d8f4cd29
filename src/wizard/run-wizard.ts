import type { Answers } from './answers.js';
import type { HostFacts } from './host-facts.js';
import { propose } from './propose.js';
import { answered, questions, type Question } from './questions.js';

/** Asks all questions in turn, each with what fits this host as its default. */
export const runWizard = async (
  host: HostFacts,
  ask: (question: Question) => Promise<string>,
): Promise<Answers> => {
  let so = propose(host);
  for (const make of questions(host)) {
    const question = make(so);
    if (question !== undefined) so = answered(so, question, await ask(question));
  }
  return so;
};
