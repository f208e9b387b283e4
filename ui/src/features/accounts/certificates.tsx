/** Whose certificates log the users of an account in. */
import { Anchor, Button, Card, Code, FileButton, Group, Stack, Switch, Text, Title } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { client, done, type Schema } from '~/api/client';
import { useChange } from '~/api/hooks';
import { useMay } from '~/api/session';
import { ConfirmButton } from '~/components/confirm';
import { Notice } from '~/components/notice';
import { ProblemBox } from '~/components/problem';
import { Status } from '~/components/status';
import { TOUCHED, type Account } from './form';

export function ClientCa({ account }: { account: Account }) {
  const { t } = useTranslation();
  const may = useMay();
  const [shown, setShown] = useState(false);
  const set = useChange(
    (body: Schema<'ChangeAccount'>) => done(client.PATCH('/api/v1/accounts/{id}', { params: { path: { id: account.id } }, body })),
    TOUCHED,
  );
  const upload = async (file: File | null) => {
    if (file) set.mutate({ client_ca: await file.text() });
  };
  const pem = account.client_ca;
  const remove = { mutateAsync: () => set.mutateAsync({ client_ca: null }), isPending: set.isPending, error: set.error };
  const mayChange = may('account.write');
  return (
    <Stack maw={640}>
      <Card withBorder>
        <Stack gap="xs">
          <Group justify="space-between">
            <Title order={2} size="h5">
              {t('clientCa.own')}
            </Title>
            <Status tone={pem ? 'good' : 'quiet'}>{pem ? t('clientCa.there') : t('clientCa.none')}</Status>
          </Group>
          <Text size="sm">{t('clientCa.ownText')}</Text>
          {set.error && <ProblemBox error={set.error} />}
          <Group gap="xs">
            {mayChange && (
              <FileButton onChange={(file) => void upload(file)} accept=".pem,.crt,.cer" inputProps={{ 'aria-label': t('clientCa.upload') }}>
                {(props) => (
                  <Button {...props} size="xs" loading={set.isPending}>
                    {pem ? t('clientCa.replace') : t('clientCa.upload')}
                  </Button>
                )}
              </FileButton>
            )}
            {pem && (
              <>
                <Button size="xs" variant="default" onClick={() => { setShown(!shown); }} aria-expanded={shown}>
                  {t('clientCa.view')}
                </Button>
                <Anchor size="sm" href={`data:application/x-pem-file;charset=utf-8,${encodeURIComponent(pem)}`} download={`client-ca-${String(account.number)}.pem`}>
                  {t('clientCa.download')}
                </Anchor>
                {mayChange && <ConfirmButton size="xs" variant="default" label={t('clientCa.remove')} text={t('clientCa.removeText')} act={remove} />}
              </>
            )}
          </Group>
          {pem && shown && <Code block>{pem}</Code>}
        </Stack>
      </Card>
      <Card withBorder>
        <Stack gap="xs">
          <Title order={2} size="h5">
            {t('clientCa.public')}
          </Title>
          <Text size="sm">{t('clientCa.publicText')}</Text>
          <Switch
            label={t('clientCa.publicOn')}
            checked={account.public_ca}
            disabled={!mayChange || set.isPending}
            onChange={(event) => { set.mutate({ public_ca: event.currentTarget.checked }); }}
          />
          {account.public_ca && <Notice tone="notice">{t('clientCa.publicWarning')}</Notice>}
        </Stack>
      </Card>
    </Stack>
  );
}
