/** What is shown where a page is missing or fails. */
import { Button, Container } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { Link, useRouteError } from 'react-router';
import { Empty, Page } from '~/components/page';
import { ProblemBox } from '~/components/problem';

export function NotFound() {
  const { t } = useTranslation();
  return (
    <Page title={t('app.notFound')}>
      <Empty icon="search" title={t('app.notFound')} text={t('app.notFoundText')}>
        <Button component={Link} to="/" variant="default">
          {t('app.home')}
        </Button>
      </Empty>
    </Page>
  );
}

/** Also when a newer version of the page replaced the one that is open: loading it again helps. */
export function Broken() {
  const { t } = useTranslation();
  const error = useRouteError();
  return (
    <Container py="xl" component="main">
      <Page title={t('app.broken')}>
        <ProblemBox error={error instanceof Error ? error : new Error(String(error))} retry={() => { window.location.reload(); }} />
      </Page>
    </Container>
  );
}
