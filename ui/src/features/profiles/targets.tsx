/** Where a profile sends its phones: this box, or another server; the first one counts. */
import { Button, Group, PasswordInput, Stack, Text, TextInput, Title } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { client, done } from '~/api/client';
import { useChange } from '~/api/hooks';
import { useMay } from '~/api/session';
import { ConfirmButton } from '~/components/confirm';
import { Form, useFields } from '~/components/form';
import { TOUCHED, type Profile } from './edit';

type Target = Profile['targets'][number];

export function Targets({ profile }: { profile: Profile }) {
  const { t } = useTranslation();
  const may = useMay();
  const [open, setOpen] = useState<number | 'new'>();
  const close = () => { setOpen(undefined); };
  const canWrite = may('profile.write');
  return (
    <Stack gap="xs">
      <Title order={3} size="h6">
        {t('profiles.targets')}
      </Title>
      <ul className="feed">
        {profile.targets.map((target) => (
          <li key={target.position}>
            {open === target.position ? (
              <Edit profile={profile} target={target} close={close} />
            ) : (
              <Group justify="space-between" gap="xs" wrap="nowrap">
                <Text size="sm" className={target.url ? 'mono' : undefined}>
                  {target.url ?? t('profiles.thisBox')}
                  {target.username && <span className="second"> {target.username}</span>}
                </Text>
                {canWrite && (
                  <Group gap={4} wrap="nowrap">
                    <Button size="compact-sm" variant="default" onClick={() => { setOpen(target.position); }}>
                      {t('devices.edit')}
                    </Button>
                    {profile.targets.length > 1 && <Remove profile={profile} target={target} />}
                  </Group>
                )}
              </Group>
            )}
          </li>
        ))}
        {open === 'new' && (
          <li>
            <Edit profile={profile} close={close} />
          </li>
        )}
      </ul>
      {canWrite && open === undefined && (
        <Button variant="default" size="xs" onClick={() => { setOpen('new'); }}>
          {t('profiles.addTarget')}
        </Button>
      )}
    </Stack>
  );
}

function Remove({ profile, target }: { profile: Profile; target: Target }) {
  const { t } = useTranslation();
  const path = { name: profile.name, position: target.position };
  const remove = useChange(() => done(client.DELETE('/api/v1/profiles/{name}/targets/{position}', { params: { path } })), TOUCHED);
  return <ConfirmButton label={t('devices.remove')} text={t('profiles.removeTarget')} act={remove} variant="default" size="compact-sm" />;
}

/** An empty address is this box; an empty password stays as it is. */
function Edit({ profile, target, close }: { profile: Profile; target?: Target; close: () => void }) {
  const { t } = useTranslation();
  const { fields, field } = useFields({ url: target?.url ?? '', username: target?.username ?? '', password: '' });
  const change = useChange(
    () => {
      const elsewhere = fields.url !== '';
      const body = {
        url: fields.url || null,
        username: elsewhere ? fields.username || null : null,
        ...(elsewhere ? (fields.password ? { password: fields.password } : {}) : { password: null, root_ca: null }),
      };
      if (!target) return done(client.POST('/api/v1/profiles/{name}/targets', { params: { path: { name: profile.name } }, body }));
      const path = { name: profile.name, position: target.position };
      return done(client.PATCH('/api/v1/profiles/{name}/targets/{position}', { params: { path }, body }));
    },
    TOUCHED,
    close,
  );
  return (
    <Form change={change} label={t('app.save')} cancel={close}>
      <TextInput label={t('profiles.url')} description={t('profiles.urlHint')} placeholder={t('profiles.thisBox')} className="mono" {...field('url')} autoFocus />
      {fields.url && <TextInput label={t('profiles.username')} {...field('username')} autoComplete="off" />}
      {fields.url && (
        <PasswordInput label={t('people.password')} placeholder={target?.password_set ? t('profiles.passwordStays') : undefined} {...field('password')} autoComplete="new-password" />
      )}
    </Form>
  );
}
