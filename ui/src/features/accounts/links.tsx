/** Who works with whom: a provider and a reseller, one of which asks by the other's link id. */
import { Button, Card, Group, Stack, Text, TextInput, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { client, done, type Schema } from '~/api/client';
import { useChange } from '~/api/hooks';
import { useMay, useSession } from '~/api/session';
import { ConfirmButton } from '~/components/confirm';
import { Dialog, Form, useFields } from '~/components/form';
import { Empty, Waiting } from '~/components/page';
import { ProblemBox } from '~/components/problem';
import { Status, type Tone } from '~/components/status';
import { Time } from '~/components/time';
import { HandedDown } from './devices';

type AccountLink = Schema<'AccountLink'>;
const TOUCHED = ['links'];
const TONES: Record<string, Tone> = { linked: 'good', waiting: 'notice', declined: 'bad' };

export function Links() {
  const { t } = useTranslation();
  const may = useMay();
  const [asking, setAsking] = useState(false);
  const links = useQuery({ queryKey: ['links'], queryFn: () => done(client.GET('/api/v1/links')) });
  if (links.error) return <ProblemBox error={links.error} retry={() => void links.refetch()} />;
  if (!links.data) return <Waiting />;
  return (
    <Card withBorder maw={720}>
      <Stack gap="sm">
        <Title order={2} size="h5">
          {t('accounts.tabs.links')}
        </Title>
        <Text size="sm">{t('links.text')}</Text>
        {may('link.write') && (
          <Group>
            <Button size="xs" onClick={() => { setAsking(true); }}>
              {t('links.ask')}
            </Button>
          </Group>
        )}
        {links.data.length === 0 && <Empty icon="building" title={t('links.empty')} text={t('links.emptyText')} />}
        {links.data.length > 0 && (
          <ul className="feed">
            {links.data.map((link) => (
              <Row key={link.id} of={link} />
            ))}
          </ul>
        )}
        <Dialog opened={asking} close={() => { setAsking(false); }} title={t('links.ask')}>
          <Ask close={() => { setAsking(false); }} />
        </Dialog>
      </Stack>
    </Card>
  );
}

function Row({ of: link }: { of: AccountLink }) {
  const { t } = useTranslation();
  const may = useMay();
  const { data: session } = useSession();
  const own = (session?.acting_in ?? session?.account)?.id;
  const other = link.provider.id === own ? link.reseller : link.provider;
  const [handing, setHanding] = useState(false);
  const params = { path: { id: link.id } };
  const approve = useChange(() => done(client.POST('/api/v1/links/{id}/approve', { params })), TOUCHED);
  const decline = useChange(() => done(client.POST('/api/v1/links/{id}/decline', { params })), TOUCHED);
  const end = useChange(() => done(client.DELETE('/api/v1/links/{id}', { params })), TOUCHED);
  const name = other.name || (link.link_id ?? '');
  const decides = link.state === 'waiting' && link.asked_by !== own;
  return (
    <li>
      <Group justify="space-between" gap="xs">
        <Text size="sm" flex="1 1 14rem" component="div">
          <b>{name}</b> <Status tone={TONES[link.state] ?? 'quiet'}>{t(`links.states.${link.state as 'waiting'}`)}</Status>
          <div className="second">
            {t(`accounts.kinds.${other.kind as 'provider'}`)} {link.link_id} · <Time at={link.decided_at ?? link.created_at} />
          </div>
        </Text>
        {may('link.write') && (
          <Group gap="xs">
            {decides && <ConfirmButton size="xs" label={t('links.approve')} text={t('links.approveText', { name })} act={approve} />}
            {decides && <ConfirmButton size="xs" variant="default" label={t('links.decline')} text={t('links.declineText', { name })} act={decline} />}
            {link.state === 'linked' && link.provider.id === own && may('device.move') && (
              <Button size="xs" variant="default" onClick={() => { setHanding(true); }}>
                {t('accounts.tabs.devices')}
              </Button>
            )}
            {!decides && <ConfirmButton size="xs" variant="default" label={link.state === 'linked' ? t('links.end') : t('links.forget')} text={t('links.endText')} act={end} />}
          </Group>
        )}
      </Group>
      <Dialog opened={handing} close={() => { setHanding(false); }} title={name}>
        <HandedDown account={other} />
      </Dialog>
    </li>
  );
}

function Ask({ close }: { close: () => void }) {
  const { t } = useTranslation();
  const { fields, field } = useFields({ link_id: '' });
  const ask = useChange(() => done(client.POST('/api/v1/links', { body: fields })), TOUCHED, close);
  return (
    <Form change={ask} label={t('links.ask')} cancel={close}>
      <TextInput label={t('accounts.linkId')} description={t('links.askHint')} {...field('link_id')} required data-autofocus />
    </Form>
  );
}
