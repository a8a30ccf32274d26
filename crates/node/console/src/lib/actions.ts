// What can be done to a supervisor, and what will happen then: it is said before it is done.

export type Action = {
  path: 'suspend' | 'resume' | 'reset' | 'terminate';
  label: string;
  tells: string;
  when: 'running' | 'suspended' | 'always';
  isGrave: boolean;
  icon?: 'pause' | 'play' | 'undo';
};

export const ACTIONS: Action[] = [
  {
    path: 'suspend', label: 'Suspend', when: 'running', isGrave: false, icon: 'pause',
    tells: 'What was read is published, then reading stops. Queries go on to see every row. Nothing is lost as long as the topic keeps its records until you resume.',
  },
  {
    path: 'resume', label: 'Resume', when: 'suspended', isGrave: false, icon: 'play',
    tells: 'Reading goes on exactly where it stopped.',
  },
  {
    path: 'reset', label: 'Reset', when: 'always', isGrave: true, icon: 'undo',
    tells: 'The committed offsets are forgotten, and reading begins anew at the earliest or the latest record, as the spec says. Published rows stay: records that are read again count twice, and records that are passed over are missing.',
  },
  {
    path: 'terminate', label: 'Terminate', when: 'always', isGrave: true,
    tells: 'What was read is published, then the supervisor goes. Its rows stay and can be queried; its spec stays in the history.',
  },
];

export type Settlement = { path: 'retry' | 'skip' | 'accept' | 'gone'; label: string; tells: string; isGrave: boolean };

/** What can be decided about a halted lane. */
export const SETTLEMENTS: Settlement[] = [
  { path: 'retry', label: 'Retry', isGrave: false, tells: 'The partition is read again from where it stopped. If the cause is still there, the lane halts again.' },
  { path: 'skip', label: 'Skip', isGrave: true, tells: 'The records that the topic no longer has are given up, and reading goes on at the first one that it holds. The gap is written down.' },
  { path: 'accept', label: 'Accept', isGrave: true, tells: 'The topic ends before the place up to which it was read. Reading goes on at its end; rows that were read stay.' },
  { path: 'gone', label: 'Gone', isGrave: true, tells: 'The partition is never read again. Its rows stay.' },
];
