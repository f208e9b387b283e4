/** What phones ask and get, while it happens. */
import { Button, Group, SegmentedControl, Text, TextInput } from '@mantine/core';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { problemOf } from '~/api/client';
import { CheckInRow, type CheckIn } from '~/components/checkin';
import { Icon } from '~/components/icon';
import { Empty, Page, Waiting } from '~/components/page';
import { ProblemBox } from '~/components/problem';
import { Status } from '~/components/status';
import { follow } from '~/lib/events';

const KEPT = 300;
const KINDS = ['all', 'refused', 'answered'] as const;
type Kind = (typeof KINDS)[number];

async function open(lastId: string, signal: AbortSignal): Promise<Response> {
  const headers: HeadersInit = lastId ? { 'Last-Event-ID': lastId } : {};
  const response = await fetch('/api/v1/check-ins/live', { headers, signal });
  if (!response.ok) throw problemOf(response, await response.json().catch(() => undefined));
  return response;
}

/** The newest first; a row that comes again takes its old one's place at the top. */
function add(rows: CheckIn[], row: CheckIn): CheckIn[] {
  return [row, ...rows.filter((other) => other.id !== row.id)].slice(0, KEPT);
}

/** A MAC address in any notation, or a part of what stands in the row. */
function holds(row: CheckIn, text: string): boolean {
  const wanted = text.trim().toLowerCase();
  const digits = wanted.replace(/[^0-9a-f]/g, '');
  const words = [row.file, row.peer, row.vendor, row.model, row.version, row.text, row.detail, row.transport];
  return wanted === '' || words.some((word) => word?.toLowerCase().includes(wanted)) || (digits.length > 1 && Boolean(row.mac?.includes(digits)));
}

export function LogPage() {
  const { t } = useTranslation();
  const [rows, setRows] = useState<CheckIn[]>();
  const [paused, setPaused] = useState(false);
  const [error, setError] = useState<Error>();
  const [attempt, setAttempt] = useState(0);
  const [kind, setKind] = useState<Kind>('all');
  const [text, setText] = useState('');
  useEffect(() => {
    if (paused) return;
    const stop = new AbortController();
    const connected = (lastId: string, signal: AbortSignal) =>
      open(lastId, signal).then((response) => {
        setRows((rows) => rows ?? []);
        return response;
      });
    follow(connected, ({ data }) => { setRows((rows) => add(rows ?? [], JSON.parse(data) as CheckIn)); }, stop.signal).catch(
      (error: unknown) => { if (!stop.signal.aborted) setError(error as Error); },
    );
    return () => { stop.abort(); };
  }, [paused, attempt]);
  const again = () => {
    setError(undefined);
    setAttempt(attempt + 1);
  };
  const shown = rows?.filter((row) => (kind === 'all' || (row.decision === 'refused') === (kind === 'refused')) && holds(row, text));
  return (
    <Page
      title={t('log.title')}
      actions={
        <>
          <Status tone={error ? 'bad' : paused ? 'notice' : 'good'}>{error ? t('log.ended') : paused ? t('log.paused') : t('log.live')}</Status>
          <Button variant="default" leftSection={<Icon name={paused ? 'play' : 'pause'} />} onClick={() => { setPaused(!paused); }}>
            {paused ? t('log.resume') : t('log.pause')}
          </Button>
        </>
      }
    >
      <Group>
        <SegmentedControl
          aria-label={t('log.decision')}
          value={kind}
          onChange={(value) => { setKind(value as Kind); }}
          data={KINDS.map((value) => ({ value, label: t(`log.${value}`) }))}
        />
        <TextInput
          flex="1 1 14rem"
          type="search"
          aria-label={t('log.filter')}
          placeholder={t('log.filter')}
          leftSection={<Icon name="search" />}
          value={text}
          onChange={(event) => { setText(event.currentTarget.value); }}
        />
      </Group>
      {error && <ProblemBox error={error} retry={again} />}
      {!shown && !error && <Waiting />}
      {rows?.length === 0 && <Empty icon="log" title={t('log.empty')} text={t('log.emptyText')} />}
      {shown?.length === 0 && rows?.length !== 0 && <Text size="sm">{t('log.noMatch')}</Text>}
      {shown && shown.length > 0 && (
        <ul className="feed" aria-live="off">
          {shown.map((row) => (
            <CheckInRow key={row.id} row={row} live />
          ))}
        </ul>
      )}
      {rows?.length === KEPT && (
        <Text size="xs" c="dimmed">
          {t('log.newest', { count: KEPT })}
        </Text>
      )}
    </Page>
  );
}
