/** Who asks for an account of their own: approved or declined. The door is shut until somebody opens it. */
import { Button, Group, SegmentedControl, Stack, Switch, Text, Textarea } from '@mantine/core';
import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { client, done, type Schema } from '~/api/client';
import { useChange } from '~/api/hooks';
import { useMay } from '~/api/session';
import { ConfirmButton } from '~/components/confirm';
import { Copyable } from '~/components/copy';
import { Dialog, Form } from '~/components/form';
import { Notice } from '~/components/notice';
import { Empty, Page, Waiting } from '~/components/page';
import { ProblemBox } from '~/components/problem';
import { Status, type Tone } from '~/components/status';
import { Time } from '~/components/time';
import { absolute } from '~/lib/format';

type SignUp = Schema<'SignUp'>;
const TOUCHED = ['sign-ups', 'accounts', 'alarms', 'overview'];
const TONES: Record<string, Tone> = { waiting: 'notice', approved: 'good', declined: 'bad' };

export function RequestList() {
  const { t } = useTranslation();
  const may = useMay();
  const [state, setState] = useState('waiting');
  const [made, setMade] = useState<Schema<'Approved'>>();
  const close = () => { setMade(undefined); };
  const door = useQuery({ queryKey: ['sign-up'], queryFn: () => done(client.GET('/api/v1/sign-up')) });
  const set = useChange((open: boolean) => done(client.PUT('/api/v1/sign-up', { body: { open } })), ['sign-up']);
  const query = { state: state === 'all' ? undefined : state };
  const requests = useInfiniteQuery({
    queryKey: ['sign-ups', query],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam }) => done(client.GET('/api/v1/sign-ups', { params: { query: { ...query, after: pageParam, limit: 50 } } })),
    getNextPageParam: (page) => page.next ?? undefined,
    placeholderData: keepPreviousData,
  });
  const rows = requests.data?.pages.flatMap((page) => page.items) ?? [];
  const open = door.data?.open ?? false;
  const address = `${window.location.origin}/sign-up`;
  return (
    <Page title={t('nav.requests')} text={t('requests.text')}>
      <Stack gap="xs">
        <Switch
          label={t('requests.door')}
          checked={open}
          disabled={!may('sign-up.write') || set.isPending || !door.data}
          onChange={(event) => { set.mutate(event.currentTarget.checked); }}
        />
        {open && (
          <Text size="sm" component="div">
            {t('requests.address')} <Copyable text={address} />
          </Text>
        )}
        {(set.error ?? door.error) && <ProblemBox error={(set.error ?? door.error) as Error} />}
      </Stack>
      <SegmentedControl
        aria-label={t('devices.state')}
        value={state}
        onChange={setState}
        data={['waiting', 'approved', 'declined', 'all'].map((value) => ({ value, label: t(`requests.states.${value as 'all'}`) }))}
      />
      {requests.isPending && <Waiting />}
      {requests.error && <ProblemBox error={requests.error} retry={() => void requests.refetch()} />}
      {requests.data && rows.length === 0 && <Empty icon="building" title={t('requests.empty')} text={open ? t('requests.emptyOpen') : t('requests.emptyShut')} />}
      {rows.length > 0 && (
        <ul className="feed">
          {rows.map((request) => (
            <Row key={request.id} of={request} show={setMade} />
          ))}
        </ul>
      )}
      {requests.hasNextPage && (
        <Button variant="default" loading={requests.isFetchingNextPage} onClick={() => void requests.fetchNextPage()}>
          {t('accounts.more')}
        </Button>
      )}
      <Dialog opened={made !== undefined} close={close} title={t('requests.made')}>
        {made && (
          <Stack>
            {made.link_id_taken && <Notice tone="notice">{t('requests.linkIdTaken', { id: made.link_id_taken })}</Notice>}
            {made.link && (
              <>
                <Text size="sm">{t('people.handOver', { until: absolute(made.link.expires_at) })}</Text>
                <Copyable text={made.link.url ?? new URL(made.link.path, window.location.origin).href} />
              </>
            )}
            <Button onClick={close}>{t('app.close')}</Button>
          </Stack>
        )}
      </Dialog>
    </Page>
  );
}

function Row({ of: request, show }: { of: SignUp; show: (made: Schema<'Approved'>) => void }) {
  const { t } = useTranslation();
  const may = useMay();
  const [declining, setDeclining] = useState(false);
  const [reason, setReason] = useState('');
  const params = { path: { id: request.id } };
  const approve = useChange(() => done(client.POST('/api/v1/sign-ups/{id}/approve', { params })), TOUCHED, (made) => { if (made.link ?? made.link_id_taken) show(made); });
  const decline = useChange(() => done(client.POST('/api/v1/sign-ups/{id}/decline', { params, body: { reason: reason || undefined } })), TOUCHED, () => { setDeclining(false); });
  const { company, kind, contact, email, phone, address, country, remark, reference, link_id, state, peer } = request;
  return (
    <li>
      <Group justify="space-between" gap="xs">
        <Text size="sm" flex="1 1 16rem" component="div">
          <b>{company}</b> <Status tone={TONES[state] ?? 'quiet'}>{t(`requests.states.${state as 'all'}`)}</Status>
          <div>{[t(`accounts.kinds.${kind as 'customer'}`), reference ?? link_id, contact, email, phone].filter(Boolean).join(' · ')}</div>
          <div className="second">{[address, country, remark].filter(Boolean).join(' · ')}</div>
          <div className="second">
            <Time at={request.created_at} /> · {peer}
            {request.decided_by && (
              <>
                {' '}
                · {request.decided_by}, <Time at={request.decided_at} />
              </>
            )}
            {request.reason && ` · ${request.reason}`}
          </div>
        </Text>
        {state === 'waiting' && may('sign-up.write') && (
          <Group gap="xs">
            <ConfirmButton size="xs" label={t('requests.approve')} text={t('requests.approveText', { email })} act={approve} />
            <Button size="xs" variant="default" onClick={() => { setDeclining(true); }}>
              {t('requests.decline')}
            </Button>
          </Group>
        )}
      </Group>
      <Dialog opened={declining} close={() => { setDeclining(false); }} title={t('requests.decline')}>
        <Form change={decline} label={t('requests.decline')} cancel={() => { setDeclining(false); }}>
          <Notice tone="quiet">{t('requests.declineText', { email })}</Notice>
          <Textarea label={t('services.reason')} value={reason} onChange={(event) => { setReason(event.currentTarget.value); }} data-autofocus />
        </Form>
      </Dialog>
    </li>
  );
}
