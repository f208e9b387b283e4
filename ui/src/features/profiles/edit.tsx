/** A profile's name and options. */
import { Checkbox, NativeSelect, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { client, done, type Schema } from '~/api/client';
import { useChange } from '~/api/hooks';
import { useMay } from '~/api/session';
import { ConfirmButton } from '~/components/confirm';
import { Form, useFields } from '~/components/form';

export type Profile = Schema<'ProfileView'>;
type Trust = Profile['settings_trust'];
export const TOUCHED = ['profiles', 'sites', 'devices', 'device', 'explain', 'overview'];

const SETTINGS: Trust[] = ['network', 'window', 'token', 'certificate'];
const SECRETS: Trust[] = ['window', 'token', 'certificate'];
const FLAGS = ['https', 'secrets_tls_only', 'secrets_over_tftp', 'certificates', 'keep_discovery'] as const;

export function AddProfile({ close }: { close: () => void }) {
  const { t } = useTranslation();
  const { fields, field } = useFields({ name: '', url: '' });
  const add = useChange(
    () => done(client.POST('/api/v1/profiles', { body: { name: fields.name, targets: fields.url ? [{ url: fields.url }] : [] } })),
    TOUCHED,
    close,
  );
  return (
    <Form change={add} label={t('app.save')} cancel={close}>
      <TextInput label={t('devices.name')} {...field('name')} required data-autofocus />
      <TextInput label={t('profiles.url')} description={t('profiles.urlHint')} placeholder={t('profiles.thisBox')} className="mono" {...field('url')} />
    </Form>
  );
}

export function EditProfile({ profile, renamed, close }: { profile: Profile; renamed: (name: string) => void; close: () => void }) {
  const { t } = useTranslation();
  const may = useMay();
  const path = { name: profile.name };
  const { fields, field } = useFields({ name: profile.name, settings_trust: profile.settings_trust, secrets_trust: profile.secrets_trust, certificate_profile: profile.certificate_profile });
  const [flags, setFlags] = useState(() => Object.fromEntries(FLAGS.map((flag) => [flag, profile[flag]])) as Record<(typeof FLAGS)[number], boolean>);
  const change = useChange(
    () => {
      const { certificate_profile } = fields;
      const options = { settings_trust: fields.settings_trust as Trust, secrets_trust: fields.secrets_trust as Trust, certificate_profile, ...flags };
      return done(client.PATCH('/api/v1/profiles/{name}', { params: { path }, body: { name: fields.name, options } }));
    },
    TOUCHED,
    (changed) => {
      renamed(changed.name);
      close();
    },
  );
  const remove = useChange(() => done(client.DELETE('/api/v1/profiles/{name}', { params: { path } })), TOUCHED, close);
  const canWrite = may('profile.write');
  // The box's own; in other accounts there is one.
  const rules = useQuery({ queryKey: ['certificate-profiles'], queryFn: () => done(client.GET('/api/v1/certificate-profiles')), enabled: may('certificate.read') });
  const trusts = (words: Trust[]) => words.map((value) => ({ value, label: t(`profiles.trusts.${value}`) }));
  return (
    <Form change={change} label={t('app.save')} cancel={close}>
      <TextInput label={t('devices.name')} {...field('name')} required disabled={!canWrite} />
      <NativeSelect label={t('profiles.settingsTrust')} {...field('settings_trust')} data={trusts(SETTINGS)} disabled={!canWrite} />
      <NativeSelect label={t('profiles.secretsTrust')} {...field('secrets_trust')} data={trusts(SECRETS)} disabled={!canWrite} />
      {FLAGS.map((flag) => (
        <Checkbox
          key={flag}
          label={t(`profiles.flags.${flag}`)}
          description={t(`profiles.flagHints.${flag}`)}
          checked={flags[flag]}
          disabled={!canWrite}
          onChange={(event) => { setFlags({ ...flags, [flag]: event.currentTarget.checked }); }}
        />
      ))}
      {rules.data && rules.data.length > 1 && (
        <NativeSelect
          label={t('profiles.certificateProfile')}
          description={t('profiles.certificateProfileHint')}
          {...field('certificate_profile')}
          data={rules.data.map(({ name }) => name)}
          disabled={!canWrite}
        />
      )}
      {may('profile.delete') && <ConfirmButton label={t('devices.remove')} text={t('profiles.removeText')} act={remove} variant="subtle" color="red" />}
    </Form>
  );
}
