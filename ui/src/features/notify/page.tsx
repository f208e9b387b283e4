/** Which notifications are mailed, and to whom (AVA-057, AVA-058). */
import { Button, Card, Group, Stack, Switch, Textarea, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState, type SubmitEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { client, done, type Schema } from '~/api/client';
import { useChange } from '~/api/hooks';
import { useMay } from '~/api/session';
import { Notice } from '~/components/notice';
import { Page, Waiting } from '~/components/page';
import { ProblemBox } from '~/components/problem';
import { Lockout } from './lockout';

type Wishes = Schema<'NotificationsView'>;
type Kind = Schema<'NotificationView'>;

export function NotificationsPage() {
  const { t } = useTranslation();
  const wishes = useQuery({ queryKey: ['notifications'], queryFn: () => done(client.GET('/api/v1/notifications')) });
  return (
    <Page title={t('nav.notifications')} text={t('notify.text')}>
      {wishes.isPending && <Waiting />}
      {wishes.error && <ProblemBox error={wishes.error} retry={() => void wishes.refetch()} />}
      {wishes.data && <WishesForm key={JSON.stringify(wishes.data)} wishes={wishes.data} />}
      <Lockout />
    </Page>
  );
}

function WishesForm({ wishes }: { wishes: Wishes }) {
  const { t } = useTranslation();
  const may = useMay();
  const isFixed = !may('notification.write');
  const [text, setText] = useState(wishes.recipients.join('\n'));
  const [off, setOff] = useState(() => wishes.notifications.filter((one) => !one.on).map((one) => one.kind));
  const save = useChange(() => {
    const recipients = text.split(/[\s,;]+/).filter(Boolean);
    return done(client.PUT('/api/v1/notifications', { body: { recipients, off } }));
  }, ['notifications']);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    save.mutate();
  };
  const turn = (kind: string, on: boolean) => { setOff((off) => (on ? off.filter((one) => one !== kind) : [...off, kind])); };
  return (
    <form onSubmit={submit}>
      <Stack maw={680}>
        {!wishes.mailed && <Notice tone="notice">{t('notify.unmailed')}</Notice>}
        <Card withBorder>
          <Stack>
            <Title order={2} size="h5">
              {t('notify.who')}
            </Title>
            <Textarea
              label={t('notify.recipients')}
              description={wishes.instead.length > 0 ? t('notify.instead', { to: wishes.instead.join(', ') }) : t('notify.nobody')}
              autosize
              minRows={2}
              value={text}
              disabled={isFixed}
              onChange={(event) => { setText(event.currentTarget.value); }}
            />
          </Stack>
        </Card>
        <Card withBorder>
          <Stack gap="sm">
            <Title order={2} size="h5">
              {t('notify.which')}
            </Title>
            {wishes.notifications.map((one) => (
              <KindRow key={one.kind} kind={one} on={!off.includes(one.kind)} isFixed={isFixed} turn={turn} />
            ))}
          </Stack>
        </Card>
        {save.error && <ProblemBox error={save.error} />}
        <div aria-live="polite">{save.isSuccess && <Notice tone="good">{t('notify.saved')}</Notice>}</div>
        {!isFixed && (
          <Group justify="flex-end">
            <Button type="submit" loading={save.isPending}>
              {t('notify.submit')}
            </Button>
          </Group>
        )}
      </Stack>
    </form>
  );
}

function KindRow({ kind, on, isFixed, turn }: { kind: Kind; on: boolean; isFixed: boolean; turn: (kind: string, on: boolean) => void }) {
  const { t } = useTranslation();
  const words = t(`notify.kinds.${kind.kind as 'alarm'}`, { defaultValue: kind.words });
  return <Switch label={words} checked={on} disabled={isFixed} onChange={(event) => { turn(kind.kind, event.currentTarget.checked); }} />;
}
