/** The link of an invitation's mail: whoever is logged in accepts it in the name of their account. */
import { Anchor, Button, Card, Group, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { client, done } from '~/api/client';
import { useChange } from '~/api/hooks';
import { useSession } from '~/api/session';
import { Notice } from '~/components/notice';
import { Page } from '~/components/page';
import { ProblemBox } from '~/components/problem';

export function InvitationPage() {
  const { t } = useTranslation();
  const { data: session } = useSession();
  // Behind the #: browsers send that part to no server.
  const [code] = useState(() => new URLSearchParams(window.location.hash.slice(1)).get('code') ?? '');
  const accept = useChange(() => done(client.POST('/api/v1/invitations/accept', { body: { code } })), ['channels']);
  const own = (session?.acting_in ?? session?.account)?.name ?? '';
  return (
    <Page title={t('access.invitation')}>
      <Card withBorder maw={560}>
        <Stack>
          {accept.data ? (
            <>
              <Notice tone="good" role="status">
                {t('access.accepted', { name: accept.data.account.name })}
              </Notice>
              <Anchor component={Link} to="/company?tab=access" size="sm">
                {t('access.toList')}
              </Anchor>
            </>
          ) : (
            <>
              <Text size="sm">{code ? t('access.invitationText', { name: own }) : t('reset.broken')}</Text>
              {accept.error && <ProblemBox error={accept.error} />}
              <Group justify="flex-end">
                <Button component={Link} to="/" variant="default">
                  {t('app.cancel')}
                </Button>
                {code && (
                  <Button loading={accept.isPending} onClick={() => { accept.mutate(); }}>
                    {t('access.accept')}
                  </Button>
                )}
              </Group>
            </>
          )}
        </Stack>
      </Card>
    </Page>
  );
}
