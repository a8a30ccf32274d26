// What a person left behind in this browser. Storage may be forbidden or full: then nothing is kept.

export function load<T>(key: string, otherwise: T): T {
  try {
    const text = localStorage.getItem(`dolmen.${key}`);
    return text ? (JSON.parse(text) as T) : otherwise;
  } catch {
    return otherwise;
  }
}

export function save(key: string, value: unknown): void {
  try {
    localStorage.setItem(`dolmen.${key}`, JSON.stringify(value));
  } catch {
    // Nothing is kept.
  }
}

/** Hands a text over as a file. */
export function download(name: string, type: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = Object.assign(document.createElement('a'), { href: url, download: name });
  link.dataset.plain = '';
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
