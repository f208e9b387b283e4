/** The fields that say what is looked for: below their columns, and one below the other where there is no room. */
import { Autocomplete, NativeSelect, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { SPAN_WORDS, spanOf, type Word } from './query';

export interface Asking {
  params: URLSearchParams;
  ask: (changes: Record<string, string | undefined>) => void;
  /** What the log has words for. */
  actions: string[];
  /** Another one: what was typed is gone. */
  round: number;
}

export function When({ params, ask }: Asking) {
  const { t } = useTranslation();
  const span = spanOf(params);
  return (
    <div className="searches">
      <NativeSelect
        size="xs"
        aria-label={t('audit.span')}
        value={span}
        onChange={(event) => { ask({ span: event.currentTarget.value === 'day' ? '' : event.currentTarget.value }); }}
        data={SPAN_WORDS.map((value) => ({ value, label: t(`audit.spans.${value}`) }))}
      />
      {span === 'between' &&
        (['from', 'to'] as const).map((name) => (
          <TextInput
            key={name}
            size="xs"
            type="datetime-local"
            aria-label={t(`audit.${name}`)}
            title={t(`audit.${name}`)}
            value={params.get(name) ?? ''}
            onChange={(event) => { ask({ [name]: event.currentTarget.value }); }}
          />
        ))}
    </div>
  );
}

export function Words({ asking, names }: { asking: Asking; names: (Word | 'text')[] }) {
  return (
    <div className="searches">
      {names.map((name) => (
        <OneWord key={`${name} ${asking.round}`} name={name} asking={asking} />
      ))}
    </div>
  );
}

function OneWord({ name, asking: { params, ask } }: { name: Word | 'text'; asking: Asking }) {
  const { t } = useTranslation();
  const [text, setText] = useState(params.get(name) ?? '');
  const soon = useDebouncedCallback((text: string) => { ask({ [name]: text.trim() }); }, 300);
  const label = t(`audit.fields.${name}`);
  return (
    <TextInput
      size="xs"
      type="search"
      aria-label={t('audit.search', { what: label })}
      placeholder={label}
      value={text}
      onChange={(event) => {
        setText(event.currentTarget.value);
        soon(event.currentTarget.value);
      }}
    />
  );
}

/** One of the log's own words, or the first part of one. */
export function Action({ params, ask, actions }: Asking) {
  const { t } = useTranslation();
  const [text, setText] = useState(params.get('action') ?? '');
  const soon = useDebouncedCallback((text: string) => { ask({ action: text.trim() }); }, 300);
  const kinds = [...new Set(actions.filter((action) => !action.includes(' ')).map((action) => action.split('.')[0] ?? action))];
  return (
    <Autocomplete
      size="xs"
      aria-label={t('audit.search', { what: t('audit.fields.action') })}
      placeholder={t('audit.fields.action')}
      data={[...new Set([...kinds, ...actions])].filter((word) => word !== text)}
      limit={50}
      value={text}
      onChange={(text) => {
        setText(text);
        soon(text);
      }}
    />
  );
}

export function Result({ params, ask }: Asking) {
  const { t } = useTranslation();
  return (
    <NativeSelect
      size="xs"
      aria-label={t('audit.result')}
      value={params.get('result') ?? ''}
      onChange={(event) => { ask({ result: event.currentTarget.value }); }}
      data={[
        { value: '', label: t('audit.any') },
        { value: 'success', label: t('audit.results.success') },
        { value: 'fail', label: t('audit.results.fail') },
      ]}
    />
  );
}
