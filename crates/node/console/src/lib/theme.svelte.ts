// Light or dark: as the system says, until a person chooses.

export type Choice = 'system' | 'light' | 'dark';
const KEY = 'dolmen.theme';
const CHOICES: Choice[] = ['system', 'light', 'dark'];

const dark = typeof matchMedia === 'function' ? matchMedia('(prefers-color-scheme: dark)') : null;
let choice = $state<Choice>(stored());
let systemDark = $state(dark?.matches ?? false);
dark?.addEventListener('change', (event) => (systemDark = event.matches));

function stored(): Choice {
  try {
    const found = localStorage.getItem(KEY) as Choice;
    return CHOICES.includes(found) ? found : 'system';
  } catch {
    return 'system';
  }
}

export function themeChoice(): Choice {
  return choice;
}

export function isDark(): boolean {
  return choice === 'dark' || (choice === 'system' && systemDark);
}

export function setTheme(next: Choice): void {
  choice = next;
  try {
    localStorage.setItem(KEY, next);
  } catch {
    // A browser without storage keeps the choice for this page only.
  }
}
