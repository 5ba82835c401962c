/** A file that names the build, so that an open page can tell whether the service has a newer one. */
export const dynamic = 'force-static';

export function GET(): Response {
  return Response.json({ build: process.env.PAGE_BUILD });
}
