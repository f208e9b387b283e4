/** One entry: who, as whom, from where, what, and what was before and after (AVA-269). */
import { Anchor, Modal, Stack, Text, Title } from '@mantine/core';
import { Fragment } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import type { Schema } from '~/api/client';
import { Status } from '~/components/status';
import { absolute } from '~/lib/format';

export type Entry = Schema<'Found'>;
const MAC = /^[0-9a-f]{12}$/;

export function EntryDialog({ entry, close }: { entry?: Entry; close: () => void }) {
  const { t } = useTranslation();
  return (
    <Modal opened={entry !== undefined} onClose={close} size="lg" title={t('audit.entry', { id: entry?.id })} closeButtonProps={{ 'aria-label': t('app.close') }}>
      {entry && <Told entry={entry} />}
    </Modal>
  );
}

/** Which account somebody is of, and in which they worked. */
export function accountOf(entry: Entry): string {
  return entry.home_id == null ? (entry.account ?? String(entry.account_id)) : (entry.home ?? String(entry.home_id));
}

function Told({ entry }: { entry: Entry }) {
  const { t } = useTranslation();
  const inside = entry.home_id == null ? null : (entry.account ?? String(entry.account_id));
  const facts: [string, React.ReactNode][] = [
    [t('audit.when'), absolute(entry.at)],
    [t('audit.who'), `${entry.actor} (${accountOf(entry)})`],
    [t('audit.inside'), inside],
    [t('audit.from_'), entry.ip ?? t('audit.noAddress')],
    [t('audit.fields.process'), entry.process],
    [t('audit.action'), <span key="action" className="mono">{entry.action}</span>],
    [
      t('audit.object'),
      MAC.test(entry.object) ? <Anchor key="object" component={Link} to={`/devices/${entry.object}`} size="sm">{entry.object}</Anchor> : entry.object,
    ],
    [t('audit.result'), <ResultOf key="result" of={entry} />],
    [t('audit.message'), entry.detail],
    [t('audit.fields.path'), entry.path && <span key="path" className="mono">{entry.path}</span>],
    [t('audit.request'), entry.request && <span className="mono">{entry.request}</span>],
  ];
  return (
    <Stack>
      <dl className="facts">
        {facts.map(([name, value]) => value && (
          <Fragment key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </Fragment>
        ))}
      </dl>
      <Sides before={entry.before} after={entry.after} />
    </Stack>
  );
}

export function ResultOf({ of: entry }: { of: Entry }) {
  const { t } = useTranslation();
  const isGood = entry.result === 'success';
  return <Status tone={isGood ? 'good' : 'bad'}>{t(`audit.results.${isGood ? 'success' : 'fail'}`)}</Status>;
}

function words(value: unknown): string {
  if (value === undefined || value === null || value === '') return '–';
  return typeof value === 'string' ? value : JSON.stringify(value, null, 1);
}

/** Field by field; a field that is on one side only was put in or taken away. */
function Sides({ before, after }: { before: unknown; after: unknown }) {
  const { t } = useTranslation();
  const fields = (side: unknown) => (typeof side === 'object' && side !== null ? (side as Record<string, unknown>) : {});
  const [old, now] = [fields(before), fields(after)];
  const names = [...new Set([...Object.keys(old), ...Object.keys(now)])];
  if (names.length === 0) return <Text size="sm" c="dimmed">{t('audit.noSides')}</Text>;
  return (
    <div>
      <Title order={3} size="h6" mb="xs">
        {t('audit.changed')}
      </Title>
      <div className="sides">
        <span>{t('audit.field')}</span>
        <span>{t('audit.before')}</span>
        <span>{t('audit.after')}</span>
        {names.map((name) => (
          <Fragment key={name}>
            <span className="mono">{name}</span>
            <span>{words(old[name])}</span>
            <span>{words(now[name])}</span>
          </Fragment>
        ))}
      </div>
    </div>
  );
}
