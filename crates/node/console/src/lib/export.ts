// Rows as CSV: a text that begins like a formula is kept from being one in a spreadsheet.

import { columnsOf, type Row } from './rows';

export function csv(rows: Row[]): string {
  const columns = columnsOf(rows, rows.length);
  const lines = [columns.map(cell).join(',')];
  for (const row of rows) lines.push(columns.map((name) => cell(name === '__time' && typeof row[name] === 'number' ? new Date(row[name]).toISOString() : row[name])).join(','));
  return `${lines.join('\r\n')}\r\n`;
}

function cell(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  let text = typeof value === 'string' ? value : JSON.stringify(value);
  if (/^[=+\-@\t\r]/.test(text)) text = `'${text}`;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
