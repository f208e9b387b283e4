/** All devices: the server sorts, searches and pages. What is asked for stands in the address. */
import { Anchor, Button, CloseButton, Group, NativeSelect, TextInput } from '@mantine/core';
import { useDebouncedCallback, useDisclosure } from '@mantine/hooks';
import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { client, done, type Schema } from '~/api/client';
import { useMay } from '~/api/session';
import { Icon } from '~/components/icon';
import { Empty, Page } from '~/components/page';
import { DataTable, type Column } from '~/components/table';
import { Time } from '~/components/time';
import { useAsked } from '~/lib/asked';
import { mac } from '~/lib/format';
import { AddDevice } from './add';
import { LetIn, More } from './filters';
import { DeviceState, kind, type Summary } from './words';

const STATES = ['active', 'known', 'blocked'] as const;
const FILTERS = ['site', 'profile', 'vendor', 'model', 'firmware'] as const;
const SORTS = ['mac', '-mac', 'name', '-name'] as const;

/** What the address says, as the API takes it; what is not understood is left out. */
function asked(params: URLSearchParams) {
  const one = <T extends string>(name: string, of: readonly T[]) => of.find((word) => word === params.get(name));
  return {
    search: params.get('search')?.trim() || undefined,
    state: one('state', STATES) as Schema<'State'> | undefined,
    ...(Object.fromEntries(FILTERS.map((name) => [name, params.get(name) ?? undefined])) as Record<(typeof FILTERS)[number], string | undefined>),
    reset_suspected: params.get('reset') === 'true' || undefined,
    sort: one('sort', SORTS),
    limit: 100,
  };
}

export function DeviceList() {
  const { t } = useTranslation();
  const { params, ask, anew } = useAsked();
  const may = useMay();
  const [adding, modal] = useDisclosure();
  const canWrite = may('device.write');
  const canAdd = may('device.add');
  const query = asked(params);
  const devices = useInfiniteQuery({
    queryKey: ['devices', query],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) =>
      done(client.GET('/api/v1/devices', { params: { query: { ...query, after: pageParam } }, signal })),
    getNextPageParam: (page) => page.next ?? undefined,
    placeholderData: keepPreviousData,
  });
  const columns = useMemo<Column<Summary>[]>(
    () => [
      { id: 'name', header: t('devices.name'), sorts: true, cell: (device) => <Name device={device} /> },
      { id: 'mac', header: t('devices.mac'), sorts: true, wide: true, width: '10.5rem', cell: (device) => <span className="mono">{mac(device.mac)}</span> },
      {
        id: 'model',
        header: t('devices.model'),
        wide: true,
        cell: (device) => (
          <>
            {kind(device)}
            <div className="second">{device.firmware}</div>
          </>
        ),
      },
      { id: 'site', header: t('devices.site'), wide: true, cell: (device) => device.site },
      { id: 'state', header: t('devices.state'), width: '11.5rem', cell: (device) => <DeviceState device={device} /> },
      query.reset_suspected && canWrite
        ? { id: 'act', header: '', wide: true, width: '10.5rem', cell: (device) => <LetIn device={device} /> }
        : { id: 'seen', header: t('devices.seen'), wide: true, width: '9rem', cell: (device) => <Time at={device.seen_at} /> },
    ],
    [t, query.reset_suspected, canWrite],
  );
  const filters = FILTERS.filter((name) => query[name]);
  const isFiltered = Boolean(query.search || query.state || query.reset_suspected || filters.length > 0);
  return (
    <Page
      title={t('devices.title')}
      actions={
        canAdd && (
          <Button leftSection={<Icon name="plus" />} onClick={modal.open}>
            {t('devices.add')}
          </Button>
        )
      }
    >
      <Group gap="xs">
        <Search value={params.get('search') ?? ''} search={(text) => { ask({ search: text }); }} />
        <NativeSelect
          aria-label={t('devices.state')}
          value={query.reset_suspected ? 'reset' : (query.state ?? '')}
          onChange={(event) => {
            const value = event.currentTarget.value;
            ask(value === 'reset' ? { state: '', reset: 'true' } : { state: value, reset: '' });
          }}
          data={[
            { value: '', label: t('devices.anyState') },
            ...STATES.map((state) => ({ value: state, label: t(`devices.states.${state}`) })),
            { value: 'reset', label: t('devices.reset') },
          ]}
        />
        <More params={params} ask={ask} />
      </Group>
      {filters.length > 0 && (
        <Group gap="xs">
          {filters.map((name) => (
            <Button key={name} size="compact-sm" variant="light" rightSection={<Icon name="cross" size={14} />} aria-label={t('devices.without', { what: `${t(`devices.${name}`)} ${query[name] ?? ''}` })} onClick={() => { ask({ [name]: '' }); }}>
              {t(`devices.${name}`)}: {query[name]}
            </Button>
          ))}
        </Group>
      )}
      <DataTable
        label={t('devices.title')}
        columns={columns}
        query={devices}
        rowKey={(device) => device.mac}
        sort={query.sort ?? 'mac'}
        onSort={(sort) => { ask({ sort }); }}
        empty={
          isFiltered ? (
            <Empty icon="search" title={t('devices.noMatch')} text={t('devices.noMatchText')}>
              <Button variant="default" onClick={() => { anew({}); }}>
                {t('devices.clear')}
              </Button>
            </Empty>
          ) : (
            <Empty icon="phone" title={t('devices.empty')} text={t('devices.emptyText')}>
              {canAdd && <Button onClick={modal.open}>{t('devices.add')}</Button>}
            </Empty>
          )
        }
      />
      <AddDevice opened={adding} close={modal.close} />
    </Page>
  );
}

function Name({ device }: { device: Summary }) {
  return (
    <>
      <Anchor component={Link} to={`/devices/${device.mac}`} size="sm" fw={550} className={device.name ? undefined : 'mono'}>
        {device.name ?? mac(device.mac)}
      </Anchor>
      <div className="second narrow">{[device.name && mac(device.mac), kind(device), device.site].filter(Boolean).join(' · ')}</div>
    </>
  );
}

/** Asks when somebody pauses, not at every letter. */
function Search({ value, search }: { value: string; search: (text: string) => void }) {
  const { t } = useTranslation();
  const [text, setText] = useState(value);
  const soon = useDebouncedCallback(search, 250);
  const say = (text: string) => {
    setText(text);
    soon(text);
  };
  return (
    <TextInput
      flex="1 1 16rem"
      type="search"
      aria-label={t('devices.search')}
      placeholder={t('devices.search')}
      value={text}
      onChange={(event) => { say(event.currentTarget.value); }}
      leftSection={<Icon name="search" />}
      rightSection={text && <CloseButton size="sm" aria-label={t('devices.clear')} onClick={() => { say(''); }} />}
    />
  );
}
