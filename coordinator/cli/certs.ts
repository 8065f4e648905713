/** `sara certs`: certificates for those without cert-manager. */
export async function makeCertificates(
  folder: string,
  { days, natsHost }: { readonly days: number; readonly natsHost: readonly string[] },
): Promise<void> {
  // Loaded here, for no other command needs what it is made with.
  const { CERTIFICATE_FILES, writeCertificateFolder } = await import('../certificates/folder.ts');
  await writeCertificateFolder(folder, { days, natsHosts: natsHost, nowMs: Date.now() });
  for (const part of CERTIFICATE_FILES) process.stdout.write(`${folder}/${part}.crt ${folder}/${part}.key\n`);
}
