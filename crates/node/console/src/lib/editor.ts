// The editor, in a shadow root: there its styles are adopted sheets, which a strict policy admits.

import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap, type CompletionContext, type CompletionResult } from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands';
import { json, jsonParseLinter } from '@codemirror/lang-json';
import { bracketMatching, foldGutter, HighlightStyle, indentOnInput, indentUnit, syntaxHighlighting } from '@codemirror/language';
import { linter } from '@codemirror/lint';
import { Compartment, EditorState, Prec } from '@codemirror/state';
import { drawSelection, EditorView, highlightActiveLine, keymap, lineNumbers } from '@codemirror/view';
import { tags } from '@lezer/highlight';
import { suggest, type Hints } from './complete';

export type { Hints };
export type Options = {
  text: string; dark: boolean; readonly: boolean; label: string;
  hints?: () => Hints; onrun?: () => void; onchange: (text: string) => void;
};
export type Opened = { setText: (text: string) => void; setDark: (dark: boolean) => void; close: () => void };

const marks = HighlightStyle.define([
  { tag: tags.propertyName, color: 'var(--c1)' },
  { tag: tags.string, color: 'var(--good)' },
  { tag: tags.number, color: 'var(--c6)' },
  { tag: [tags.bool, tags.null], color: 'var(--c7)' },
]);

const look = (dark: boolean) =>
  EditorView.theme(
    {
      '&': { height: '100%', color: 'var(--text)', backgroundColor: 'transparent', fontSize: '13px' },
      '&.cm-focused': { outline: 'none' },
      '.cm-scroller': { fontFamily: 'var(--mono)', lineHeight: '1.55' },
      '.cm-content': { padding: '10px 0', caretColor: 'var(--text)' },
      '.cm-gutters': { backgroundColor: 'transparent', border: 'none', color: 'var(--faint)' },
      '.cm-activeLine, .cm-activeLineGutter': { backgroundColor: 'transparent' },
      '&.cm-focused .cm-activeLine': { backgroundColor: 'var(--hover)' },
      '.cm-cursor': { borderLeftColor: 'var(--text)' },
      '.cm-selectionBackground, &.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground': { backgroundColor: 'var(--accent-soft)' },
      '.cm-tooltip': { border: '1px solid var(--line)', borderRadius: '8px', backgroundColor: 'var(--raised)', color: 'var(--text)', overflow: 'hidden' },
      '.cm-tooltip-autocomplete ul li': { padding: '3px 10px !important', fontFamily: 'var(--mono)' },
      '.cm-tooltip-autocomplete ul li[aria-selected]': { backgroundColor: 'var(--accent-soft)', color: 'var(--text)' },
      '.cm-completionDetail': { fontStyle: 'normal', color: 'var(--muted)', marginLeft: '12px' },
      '.cm-completionIcon': { display: 'none' },
      '.cm-diagnostic': { fontFamily: 'var(--sans)' },
      '.cm-foldPlaceholder': { backgroundColor: 'var(--sunken)', border: 'none', color: 'var(--muted)' },
    },
    { dark },
  );

function source(hints: () => Hints): (context: CompletionContext) => CompletionResult | null {
  return (context) => {
    const found = suggest(context.state.doc.toString(), context.pos, hints());
    if (!found || (!context.explicit && found.from === context.pos && !found.inString)) return null;
    return { from: found.from, options: found.options, validFor: /^[\w.-]*$/ };
  };
}

export function open(host: HTMLElement, options: Options): Opened {
  const root = host.shadowRoot ?? host.attachShadow({ mode: 'open' });
  const parent = document.createElement('div');
  root.replaceChildren(parent);
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(':host { display: block; height: 100%; } :host > div, div:first-of-type { height: 100%; }');
  const theme = new Compartment();
  const run = { key: 'Mod-Enter', run: () => (options.onrun?.(), true) };
  const view = new EditorView({
    parent,
    root,
    state: EditorState.create({
      doc: options.text,
      extensions: [
        Prec.highest(keymap.of(options.onrun ? [run] : [])),
        lineNumbers(), foldGutter(), history(), drawSelection(), indentOnInput(), indentUnit.of('  '), bracketMatching(), closeBrackets(),
        highlightActiveLine(), json(), syntaxHighlighting(marks),
        ...(options.readonly ? [EditorState.readOnly.of(true)] : [linter(jsonParseLinter(), { delay: 500 })]),
        ...(options.hints ? [autocompletion({ override: [source(options.hints)], icons: false })] : []),
        keymap.of([...closeBracketsKeymap, ...completionKeymap, ...historyKeymap, ...defaultKeymap, indentWithTab]),
        theme.of(look(options.dark)),
        EditorView.contentAttributes.of({ 'aria-label': options.label }),
        EditorView.updateListener.of((update) => update.docChanged && options.onchange(update.state.doc.toString())),
      ],
    }),
  });
  root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
  return {
    setText: (text) => {
      if (text !== view.state.doc.toString()) view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } });
    },
    setDark: (dark) => view.dispatch({ effects: theme.reconfigure(look(dark)) }),
    close: () => view.destroy(),
  };
}
