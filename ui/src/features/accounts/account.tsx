/** A company below one's own: its tabs, and what can be done about it. */
import { Anchor, Button, Group, Modal, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { Link, useNavigate, useParams } from 'react-router';
import { client, done } from '~/api/client';
import { useChange } from '~/api/hooks';
import { useEnter, useMay } from '~/api/session';
import { ConfirmButton } from '~/components/confirm';
import { Page, Waiting } from '~/components/page';
import { ProblemBox } from '~/components/problem';
import { Status } from '~/components/status';
import { TOUCHED, type Account } from './form';
import { Sections, type Section } from './sections';

export function AccountPage() {
  const { t } = useTranslation();
  const may = useMay();
  const id = Number(useParams().id);
  const account = useQuery({ queryKey: ['accounts', id], queryFn: () => done(client.GET('/api/v1/accounts/{id}', { params: { path: { id } } })) });
  if (account.error) {
    return (
      <Page title={t('nav.accounts')}>
        <ProblemBox error={account.error} retry={() => void account.refetch()} />
      </Page>
    );
  }
  if (!account.data) return <Waiting />;
  const known = account.data;
  const sections: Section[] = ['details'];
  // AVA-144.
  if (known.kind === 'customer' && may('site.read')) sections.push('sites');
  if (may('setting.read')) sections.push('firmware');
  sections.push('services', 'certificates');
  if (known.depth > 0 && may('device.move')) sections.push('devices');
  return (
    <Page
      title={known.name}
      text={[t(`accounts.kinds.${known.kind}`), known.number, t('accounts.users', { count: known.users }), t('accounts.devices', { count: known.devices })].join(' · ')}
      actions={known.depth > 0 && <Acts account={known} />}
    >
      <Group gap="md">
        <Status tone={known.enabled ? 'good' : 'quiet'}>{known.enabled ? t('accounts.enabled') : t('accounts.disabled')}</Status>
        <Anchor component={Link} to="/accounts" size="sm">
          {t('accounts.all')}
        </Anchor>
      </Group>
      <Sections account={known} sections={sections} />
    </Page>
  );
}

function Acts({ account }: { account: Account }) {
  const { t } = useTranslation();
  const may = useMay();
  const params = { path: { id: account.id } };
  const enable = useChange(() => done(client.POST('/api/v1/accounts/{id}/enable', { params })), TOUCHED);
  const disable = useChange(() => done(client.POST('/api/v1/accounts/{id}/disable', { params })), TOUCHED);
  const enter = useEnter();
  const go = useNavigate();
  const inside = useChange(() => done(client.POST('/api/v1/switch', { body: { account: account.id } })), [], (session) => {
    enter(session);
    void go('/');
  });
  const error = enable.error ?? inside.error;
  return (
    <Stack gap="xs">
      <Group gap="xs">
        {may('account.switch') && account.enabled && (
          <Button size="xs" loading={inside.isPending} onClick={() => { inside.mutate(); }}>
            {t('acting.enter')}
          </Button>
        )}
        {may('account.enable') &&
          (account.enabled ? (
            <ConfirmButton size="xs" variant="default" label={t('accounts.disable')} text={t('accounts.disableText')} act={disable} />
          ) : (
            <Button size="xs" variant="default" loading={enable.isPending} onClick={() => { enable.mutate(); }}>
              {t('accounts.enable')}
            </Button>
          ))}
        {may('account.delete') && <Remove account={account} />}
      </Group>
      {error && <ProblemBox error={error} />}
    </Stack>
  );
}

/** AVA-157: what goes with it stands there before anybody says yes. */
function Remove({ account }: { account: Account }) {
  const { t } = useTranslation();
  const go = useNavigate();
  const [opened, modal] = useDisclosure();
  const params = { path: { id: account.id } };
  const gone = useQuery({
    queryKey: ['accounts', account.id, 'removal'],
    queryFn: () => done(client.GET('/api/v1/accounts/{id}/removal', { params })),
    enabled: opened,
  });
  const remove = useChange(
    () => done(client.DELETE('/api/v1/accounts/{id}', { params: { ...params, query: { with_below: (gone.data?.accounts ?? 1) > 1 || undefined } } })),
    TOUCHED,
    () => { void go('/accounts'); },
  );
  const below = gone.data?.below ?? [];
  return (
    <>
      <Button size="xs" variant="default" onClick={modal.open}>
        {t('accounts.remove')}
      </Button>
      <Modal opened={opened} onClose={modal.close} title={t('accounts.removeTitle', { name: account.name })} closeButtonProps={{ 'aria-label': t('app.close') }}>
        <Stack>
          {gone.error && <ProblemBox error={gone.error} retry={() => void gone.refetch()} />}
          {gone.isPending && <Waiting />}
          {gone.data && (
            <>
              <Text size="sm">{t('accounts.goes')}</Text>
              <ul className="plain">
                <li>{t('accounts.goesUsers', { count: gone.data.users })}</li>
                <li>{t('accounts.goesDevices', { count: gone.data.devices })}</li>
                <li>{t('accounts.returns', { count: gone.data.returned })}</li>
                {gone.data.accounts > 1 && (
                  <li>
                    {t('accounts.goesBelow', { count: gone.data.accounts - 1 })} {below.join(', ')}
                    {below.length < gone.data.accounts - 1 && ' …'}
                  </li>
                )}
              </ul>
            </>
          )}
          {remove.error && <ProblemBox error={remove.error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={modal.close}>
              {t('app.cancel')}
            </Button>
            <Button color="red" loading={remove.isPending} disabled={!gone.data} onClick={() => { remove.mutate(); }}>
              {t('accounts.remove')}
            </Button>
          </Group>
        </Stack>
      </Modal>
    </>
  );
}
