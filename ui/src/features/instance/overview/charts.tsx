/** Devices by state, model and firmware; accounts and files by kind. How many charts there are depends on the account. */
import { Button, NativeSelect, Skeleton } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { client, done, type Schema } from '~/api/client';
import type { Overview } from '~/api/overview';
import { Chart, type Share } from '~/components/chart';
import { ProblemBox } from '~/components/problem';
import type { Tone } from '~/components/status';
import type { Words } from '~/lib/locales/en';

type Alike = Schema<'Alike'>;

const STATES = ['active', 'known', 'blocked'] as const;
const TONES: Record<(typeof STATES)[number], Tone> = { active: 'good', known: 'notice', blocked: 'quiet' };
const FEW = 6;

/** The address of the list that holds just these. */
function listOf(of: Record<string, string | null | undefined>): string {
  const wanted = Object.entries(of).filter((entry): entry is [string, string] => Boolean(entry[1]));
  return `/devices?${new URLSearchParams(wanted)}`;
}

/** The rows added up by something of theirs, the most first. */
function sum<Key extends { label: string; to?: string }>(rows: Alike[], key: (row: Alike) => Key): Share[] {
  const found = new Map<string, Share>();
  for (const row of rows) {
    const { label, to } = key(row);
    const share = found.get(label) ?? { label, to, count: 0 };
    share.count += row.count;
    found.set(label, share);
  }
  return [...found.values()].sort((a, b) => b.count - a.count || a.label.localeCompare(b.label));
}

const modelOf = (row: Alike) => [row.vendor, row.model].filter(Boolean).join(' ');

export function Charts({ numbers }: { numbers: Overview }) {
  const { t } = useTranslation();
  const counts = useQuery({
    queryKey: ['devices', 'count'],
    queryFn: () => done(client.GET('/api/v1/devices/count')),
    staleTime: 15_000,
    refetchInterval: 60_000,
  });
  if (counts.isPending) return [1, 2, 3].map((place) => <Skeleton key={place} height={180} radius="md" aria-hidden />);
  if (counts.error) return <ProblemBox error={counts.error} retry={() => void counts.refetch()} />;
  const rows = counts.data;
  const models = sum(rows, (row) => {
    const model = modelOf(row);
    return model ? { label: model, to: listOf({ vendor: row.vendor, model: row.model }) } : { label: t('overview.noModel') };
  });
  const firmware = sum(rows, ({ firmware }) =>
    firmware ? { label: firmware, to: listOf({ firmware }) } : { label: t('overview.noFirmware') },
  );
  return (
    <>
      <States rows={rows} reset={numbers.devices?.reset_suspected ?? 0} />
      <Longest title={t('overview.models')} shares={models} />
      <Longest title={t('overview.firmware')} shares={firmware} />
    </>
  );
}

/** For all devices, or for one model (YMC-014). */
function States({ rows, reset }: { rows: Alike[]; reset: number }) {
  const { t } = useTranslation();
  const [type, setType] = useState('');
  const types = [...new Set(rows.map(modelOf).filter(Boolean))].sort();
  const some = rows.filter((row) => type === '' || modelOf(row) === type);
  const { vendor, model } = some[0] ?? {};
  const kind = type ? { vendor, model } : {};
  const shares: Share[] = STATES.map((state) => ({
    label: t(`devices.states.${state}`),
    count: some.filter((row) => row.state === state).reduce((sum, row) => sum + row.count, 0),
    to: listOf({ state, ...kind }),
    tone: TONES[state],
  }));
  // It says something of active ones; it is no state of its own.
  const suspected: Share[] = type === '' && reset > 0 ? [{ label: t('devices.reset'), count: reset, to: '/devices?reset=true', tone: 'bad' }] : [];
  const active = shares.map((share, place) => (place === 0 ? { ...share, count: Math.max(0, share.count - (suspected[0]?.count ?? 0)) } : share));
  return (
    <Chart
      title={t('overview.states')}
      shares={[...active, ...suspected]}
      empty={t('overview.noDevices')}
      aside={
        types.length > 0 && (
          <NativeSelect
            size="xs"
            aria-label={t('overview.type')}
            value={type}
            onChange={(event) => { setType(event.currentTarget.value); }}
            data={[{ value: '', label: t('overview.allTypes') }, ...types]}
          />
        )
      }
    />
  );
}

/** The most frequent ones; the others on a word. */
function Longest({ title, shares }: { title: string; shares: Share[] }) {
  const { t } = useTranslation();
  const [all, showAll] = useState(false);
  const shown = all ? shares : shares.slice(0, FEW);
  const hidden = shares.slice(shown.length);
  const rest = hidden.reduce((sum, share) => sum + share.count, 0);
  return (
    <Chart title={title} shares={rest > 0 ? [...shown, { label: t('overview.others', { count: hidden.length }), count: rest, tone: 'quiet' }] : shown} empty={t('overview.noDevices')}>
      {shares.length > FEW && (
        <Button variant="subtle" size="compact-sm" onClick={() => { showAll(!all); }} aria-expanded={all}>
          {all ? t('overview.fewer') : t('overview.showAll')}
        </Button>
      )}
    </Chart>
  );
}

/** AVA-050: a provider has resellers and customers, a reseller customers, a customer nobody. */
export function AccountChart({ below }: { below: Schema<'Below'> }) {
  const { t } = useTranslation();
  const shares = (['reseller', 'customer'] as const)
    .filter((kind) => below[kind] > 0)
    .map((kind) => ({ label: t(`accounts.kinds.${kind}`), count: below[kind], to: `/accounts?kind=${kind}` }));
  if (shares.length === 0) return null;
  return <Chart title={t('overview.accountsBelow')} shares={shares} empty="" />;
}

export function FileChart({ kinds }: { kinds: Schema<'OfKind'>[] }) {
  const { t, i18n } = useTranslation();
  const word = (kind: string) => (i18n.exists(`overview.fileKinds.${kind}`) ? t(`overview.fileKinds.${kind as keyof Words['overview']['fileKinds']}`) : kind);
  return <Chart title={t('overview.filesOf')} shares={kinds.map(({ kind, count }) => ({ label: word(kind), count }))} empty={t('overview.noFiles')} />;
}
