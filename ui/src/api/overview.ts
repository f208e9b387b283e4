/** The numbers of the box: read by the frame and by the overview, asked for once. */
import { useQuery } from '@tanstack/react-query';
import { client, done, type Schema } from './client';

export type Overview = Schema<'Overview'>;

export function useOverview() {
  return useQuery({ queryKey: ['overview'], queryFn: () => done(client.GET('/api/v1/overview')), refetchInterval: 30_000 });
}
