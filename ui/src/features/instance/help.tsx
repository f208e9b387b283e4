/** The help: all its sections, the asked one in view, in ten languages (AVA-054…056). */
import { Anchor, Group, NativeSelect, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useParams, useSearchParams } from 'react-router';
import { Page, Waiting } from '~/components/page';
import { ProblemBox } from '~/components/problem';
import { Prose } from '~/components/prose';
import { HELP_LANGUAGES, helpLanguage, readHelp, type HelpLanguage } from '~/lib/help';

export function Help() {
  const { t, i18n } = useTranslation();
  const { section } = useParams();
  const [params, setParams] = useSearchParams();
  const language = helpLanguage(params.get('lang'), i18n.language);
  const help = useQuery({ queryKey: ['help', language], queryFn: () => readHelp(language), staleTime: Infinity });
  const sections = help.data;
  useEffect(() => {
    // The place that the address names, also after a change of the language.
    if (sections && section) document.getElementById(section)?.scrollIntoView();
  }, [sections, section]);
  const choose = (language: string) => { setParams({ lang: language }, { replace: true }); };
  return (
    <Page
      title={t('app.help')}
      actions={
        <NativeSelect
          aria-label={t('help.language')}
          value={language}
          onChange={(event) => { choose(event.currentTarget.value); }}
          data={Object.entries(HELP_LANGUAGES).map(([value, label]) => ({ value, label }))}
        />
      }
    >
      {help.isPending && <Waiting />}
      {help.error && <ProblemBox error={help.error} retry={() => void help.refetch()} />}
      {sections && (
        <div className="help-text" lang={language satisfies HelpLanguage}>
          <Group component="nav" aria-label={t('help.sections')} gap="4px 14px" mb="lg">
            {sections.map(({ id, title }) => (
              <Anchor key={id} component={Link} to={{ pathname: `/help/${id}`, search: params.toString() }} size="sm">
                {title}
              </Anchor>
            ))}
          </Group>
          <Stack gap="lg">
            {sections.map(({ id, title, paragraphs }) => (
              <section key={id} id={id} aria-labelledby={`${id}-title`}>
                <Title order={2} size="h4" id={`${id}-title`} mb={4}>
                  {title}
                </Title>
                <Prose text={paragraphs.join('\n\n')} />
              </section>
            ))}
            {sections.length === 0 && <Text>{t('app.notFoundText')}</Text>}
          </Stack>
        </div>
      )}
    </Page>
  );
}
