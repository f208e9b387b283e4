/** Whom to write to, and where the privacy policy is. */
import { useQuery } from '@tanstack/react-query';
import { client, done } from './client';

export function useContact() {
  return useQuery({ queryKey: ['contact'], queryFn: () => done(client.GET('/api/v1/contact')), staleTime: 600_000 });
}
