/** Who has no user yet shows the box's API token. It stays in this tab and nowhere else. */
import { Button, Card, Center, PasswordInput, Stack, Text, Title } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState, type SubmitEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { client, done, key, Problem } from '~/api/client';
import { Notice } from '~/components/notice';
import { ProblemBox } from '~/components/problem';

export function KeyForm({ entered }: { entered: () => void }) {
  const { t } = useTranslation();
  const [value, setValue] = useState('');
  const enter = useMutation({
    mutationFn: () => {
      key.set(value.trim());
      return done(client.GET('/api/v1/overview'));
    },
    onSuccess: entered,
    onError: () => { key.forget(); },
  });
  const refused = enter.error instanceof Problem && enter.error.status === 401;
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    enter.mutate();
  };
  return (
    <Center pt="10vh">
      <Card withBorder w="100%" maw={420} padding="lg">
        <form onSubmit={submit}>
          <Stack>
            <Title order={1} size="h3">
              {t('key.title')}
            </Title>
            <Text size="sm">{t('key.text')}</Text>
            <PasswordInput label={t('key.label')} value={value} onChange={(event) => { setValue(event.currentTarget.value); }} required autoFocus autoComplete="current-password" />
            {refused && <Notice tone="bad" role="alert">{t('key.wrong')}</Notice>}
            {enter.error && !refused && <ProblemBox error={enter.error} />}
            <Button type="submit" loading={enter.isPending}>
              {t('key.enter')}
            </Button>
          </Stack>
        </form>
      </Card>
    </Center>
  );
}
