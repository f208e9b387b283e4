/** Who may work inside one's own account by consent, and where one's own may: offered, accepted, declined, taken back. */
import { Button, Card, Group, NumberInput, Stack, Text, Textarea, TextInput, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';
import { client, done, type Schema } from '~/api/client';
import { useChange } from '~/api/hooks';
import { useEnter, useMay, useSession } from '~/api/session';
import { ConfirmButton } from '~/components/confirm';
import { Dialog, Form, useFields } from '~/components/form';
import { Notice } from '~/components/notice';
import { Empty, Waiting } from '~/components/page';
import { ProblemBox } from '~/components/problem';
import { Status, type Tone } from '~/components/status';
import { Time } from '~/components/time';

type Channel = Schema<'Channel'>;
const TOUCHED = ['channels', 'invitations'];
const TONES: Record<string, Tone> = { accepted: 'good', offered: 'notice', declined: 'bad' };

export function Access() {
  const { t } = useTranslation();
  const may = useMay();
  const { data: session } = useSession();
  const own = (session?.acting_in ?? session?.account)?.id;
  const [asking, setAsking] = useState<'number' | 'mail'>();
  const [asked, setAsked] = useState<string>();
  const channels = useQuery({ queryKey: ['channels'], queryFn: () => done(client.GET('/api/v1/channels')) });
  const mayWrite = may('channel.write');
  const invitations = useQuery({ queryKey: ['invitations'], queryFn: () => done(client.GET('/api/v1/invitations')), enabled: mayWrite });
  const error = channels.error ?? invitations.error;
  if (error) return <ProblemBox error={error} retry={() => void Promise.all([channels.refetch(), invitations.refetch()])} />;
  if (!channels.data || (mayWrite && !invitations.data)) return <Waiting />;
  const given = channels.data.filter((one) => one.account.id === own);
  const taken = channels.data.filter((one) => one.account.id !== own);
  const mails = invitations.data ?? [];
  return (
    <Stack maw={720}>
      <Card withBorder>
        <Stack gap="sm">
          <Title order={2} size="h5">
            {t('access.given')}
          </Title>
          <Text size="sm">{t('access.givenText')}</Text>
          {mayWrite && (
            <Group gap="xs">
              <Button size="xs" onClick={() => { setAsking('number'); }}>
                {t('access.byNumber')}
              </Button>
              <Button size="xs" variant="default" onClick={() => { setAsking('mail'); }}>
                {t('access.byMail')}
              </Button>
            </Group>
          )}
          {asked && (
            <Notice tone="good" role="status">
              {t('access.asked', { email: asked })}
            </Notice>
          )}
          {given.length === 0 && mails.length === 0 && <Empty icon="shield" title={t('access.emptyGiven')} text={t('access.emptyGivenText')} />}
          {given.length + mails.length > 0 && (
            <ul className="feed">
              {given.map((one) => (
                <Row key={one.id} of={one} name={one.guest.name || t('access.account', { number: one.guest.number })}>
                  {mayWrite && <End of={one} label={t('access.takeBack')} text={t('access.takeBackText')} />}
                </Row>
              ))}
              {mails.map((one) => (
                <Invited key={one.id} of={one} />
              ))}
            </ul>
          )}
        </Stack>
      </Card>
      <Card withBorder>
        <Stack gap="sm">
          <Title order={2} size="h5">
            {t('access.taken')}
          </Title>
          <Text size="sm">{t('access.takenText')}</Text>
          {taken.length === 0 && <Empty icon="building" title={t('access.emptyTaken')} text={t('access.emptyTakenText')} />}
          {taken.length > 0 && (
            <ul className="feed">
              {taken.map((one) => (
                <Row key={one.id} of={one} name={one.account.name}>
                  {one.state === 'offered' && mayWrite && <Decide of={one} />}
                  {one.state === 'accepted' && may('account.switch') && session?.acting_in == null && <Enter id={one.account.id} />}
                  {one.state === 'accepted' && mayWrite && <End of={one} label={t('access.giveUp')} text={t('access.giveUpText')} />}
                </Row>
              ))}
            </ul>
          )}
        </Stack>
      </Card>
      <Dialog opened={asking !== undefined} close={() => { setAsking(undefined); }} title={asking === 'mail' ? t('access.byMail') : t('access.byNumber')}>
        {asking === 'number' && <ByNumber close={() => { setAsking(undefined); }} />}
        {asking === 'mail' && <ByMail close={() => { setAsking(undefined); }} told={setAsked} />}
      </Dialog>
    </Stack>
  );
}

function Row({ of: one, name, children }: { of: Channel; name: string; children: ReactNode }) {
  const { t } = useTranslation();
  return (
    <li>
      <Group justify="space-between" gap="xs">
        <Text size="sm" flex="1 1 14rem" component="div">
          <b>{name}</b> <Status tone={TONES[one.state] ?? 'quiet'}>{t(`access.states.${one.state as 'offered'}`)}</Status>
          {one.reason && <div className="second">{t('access.reason', { reason: one.reason })}</div>}
          <div className="second">
            {one.created_by} · <Time at={one.created_at} />
          </div>
        </Text>
        <Group gap="xs">{children}</Group>
      </Group>
    </li>
  );
}

function Invited({ of: one }: { of: Schema<'Invitation'> }) {
  const { t } = useTranslation();
  const back = useChange(() => done(client.DELETE('/api/v1/invitations/{id}', { params: { path: { id: one.id } } })), TOUCHED);
  return (
    <li>
      <Group justify="space-between" gap="xs">
        <Text size="sm" flex="1 1 14rem" component="div">
          <b>{one.email}</b> <Status tone="notice">{t('access.states.invited')}</Status>
          <div className="second">
            {one.created_by} · <Time at={one.created_at} /> · {t('access.until')} <Time at={one.expires_at} />
          </div>
        </Text>
        <ConfirmButton size="xs" variant="default" label={t('access.takeBack')} text={t('access.takeBackText')} act={back} />
      </Group>
    </li>
  );
}

function End({ of: one, label, text }: { of: Channel; label: string; text: string }) {
  const end = useChange(() => done(client.DELETE('/api/v1/channels/{id}', { params: { path: { id: one.id } } })), TOUCHED);
  return <ConfirmButton size="xs" variant="default" label={label} text={text} act={end} />;
}

function Enter({ id }: { id: number }) {
  const { t } = useTranslation();
  const enter = useEnter();
  const go = useNavigate();
  const inside = useChange(() => done(client.POST('/api/v1/switch', { body: { account: id } })), [], (session) => {
    enter(session);
    void go('/');
  });
  return (
    <>
      <Button size="xs" loading={inside.isPending} onClick={() => { inside.mutate(); }}>
        {t('acting.enter')}
      </Button>
      {inside.error && <ProblemBox error={inside.error} />}
    </>
  );
}

function Decide({ of: one }: { of: Channel }) {
  const { t } = useTranslation();
  const [declining, setDeclining] = useState(false);
  const [reason, setReason] = useState('');
  const params = { path: { id: one.id } };
  const accept = useChange(() => done(client.POST('/api/v1/channels/{id}/accept', { params })), TOUCHED);
  const decline = useChange(() => done(client.POST('/api/v1/channels/{id}/decline', { params, body: { reason: reason || undefined } })), TOUCHED, () => { setDeclining(false); });
  return (
    <>
      <ConfirmButton size="xs" label={t('access.accept')} text={t('access.acceptText', { name: one.account.name })} act={accept} />
      <Button size="xs" variant="default" onClick={() => { setDeclining(true); }}>
        {t('access.decline')}
      </Button>
      <Dialog opened={declining} close={() => { setDeclining(false); }} title={t('access.decline')}>
        <Form change={decline} label={t('access.decline')} cancel={() => { setDeclining(false); }}>
          <Textarea label={t('services.reason')} description={t('access.reasonHint')} value={reason} onChange={(event) => { setReason(event.currentTarget.value); }} data-autofocus />
        </Form>
      </Dialog>
    </>
  );
}

function ByNumber({ close }: { close: () => void }) {
  const { t } = useTranslation();
  const [value, setValue] = useState<number | string>('');
  const offer = useChange(() => done(client.POST('/api/v1/channels', { body: { number: Number(value) } })), TOUCHED, close);
  return (
    <Form change={offer} label={t('access.let')} cancel={close}>
      <Text size="sm">{t('access.confirmText')}</Text>
      <NumberInput label={t('access.number')} description={t('access.numberHint')} required hideControls allowNegative={false} allowDecimal={false} value={value} onChange={setValue} data-autofocus />
    </Form>
  );
}

function ByMail({ close, told }: { close: () => void; told: (email: string) => void }) {
  const { t } = useTranslation();
  const { fields, field } = useFields({ email: '' });
  const invite = useChange(() => done(client.POST('/api/v1/invitations', { body: fields })), TOUCHED, () => {
    told(fields.email);
    close();
  });
  return (
    <Form change={invite} label={t('access.let')} cancel={close}>
      <Text size="sm">{t('access.mailText')}</Text>
      <TextInput type="email" label={t('people.email')} {...field('email')} required data-autofocus />
    </Form>
  );
}
