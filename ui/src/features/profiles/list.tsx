/** How phones are provisioned: what they must prove, and where they are sent. */
import { Button, Stack, Switch, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { client, done } from '~/api/client';
import { useChange } from '~/api/hooks';
import { useMay } from '~/api/session';
import { Dialog } from '~/components/form';
import { Icon } from '~/components/icon';
import { Empty, Page, Waiting } from '~/components/page';
import { ProblemBox } from '~/components/problem';
import { AddProfile, EditProfile, TOUCHED, type Profile } from './edit';
import { Targets } from './targets';

export function ProfileList() {
  const { t } = useTranslation();
  const may = useMay();
  const [adding, add] = useDisclosure();
  const [name, open] = useState<string>();
  const profiles = useQuery({ queryKey: ['profiles'], queryFn: () => done(client.GET('/api/v1/profiles')) });
  const rows = profiles.data;
  const chosen = rows?.find((row) => row.name === name);
  const addButton = may('profile.add') && (
    <Button leftSection={<Icon name="plus" />} onClick={add.open}>
      {t('profiles.add')}
    </Button>
  );
  return (
    <Page title={t('nav.profiles')} text={t('profiles.text')} actions={addButton}>
      {profiles.isPending && <Waiting />}
      {profiles.error && <ProblemBox error={profiles.error} retry={() => void profiles.refetch()} />}
      {rows?.length === 0 && (
        <Empty icon="sliders" title={t('profiles.empty')} text={t('profiles.emptyText')}>
          {addButton}
        </Empty>
      )}
      {rows && rows.length > 0 && (
        <ul className="feed">
          {rows.map((row) => (
            <Row key={row.name} profile={row} open={() => { open(row.name); }} />
          ))}
        </ul>
      )}
      <Dialog opened={adding} close={add.close} title={t('profiles.add')}>
        <AddProfile close={add.close} />
      </Dialog>
      <Dialog opened={chosen !== undefined} close={() => { open(undefined); }} title={chosen?.name ?? ''}>
        {chosen && (
          <Stack>
            <Targets profile={chosen} />
            <EditProfile key={chosen.name} profile={chosen} renamed={open} close={() => { open(undefined); }} />
          </Stack>
        )}
      </Dialog>
    </Page>
  );
}

function Row({ profile, open }: { profile: Profile; open: () => void }) {
  const { t } = useTranslation();
  const first = profile.targets[0];
  return (
    <li>
      <button type="button" className="open link-button" onClick={open}>
        {profile.name}
      </button>
      <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
        {first?.url ?? t('profiles.thisBox')}
        {profile.targets.length > 1 && ` (${t('profiles.more', { count: profile.targets.length - 1 })})`}
      </Text>
      <Text size="sm" c="dimmed">
        {t('profiles.proof', { settings: t(`profiles.trusts.${profile.settings_trust}`), secrets: t(`profiles.trusts.${profile.secrets_trust}`) })}{' '}
        {t('profiles.used', { count: profile.sites })}{' '}
        {profile.devices > 0 && (
          <Link to={`/devices?${new URLSearchParams({ profile: profile.name })}`}>{t('profiles.named', { count: profile.devices })}</Link>
        )}
      </Text>
      <Certificates profile={profile} />
    </li>
  );
}

/** On and off without opening the profile (AVA-101). */
function Certificates({ profile }: { profile: Profile }) {
  const { t } = useTranslation();
  const may = useMay();
  const change = useChange(
    (certificates: boolean) => done(client.PATCH('/api/v1/profiles/{name}', { params: { path: { name: profile.name } }, body: { options: { certificates } } })),
    TOUCHED,
  );
  return (
    <>
      <Switch
        size="sm"
        mt={4}
        label={t('profiles.flags.certificates')}
        aria-label={t('profiles.certificatesOf', { name: profile.name })}
        checked={change.isPending ? change.variables : profile.certificates}
        disabled={!may('profile.write')}
        onChange={(event) => { change.mutate(event.currentTarget.checked); }}
      />
      {change.error && <ProblemBox error={change.error} />}
    </>
  );
}
