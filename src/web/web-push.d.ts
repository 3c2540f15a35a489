/** What we use of web-push, which brings no types of its own. */
declare module 'web-push' {
  interface RequestDetails {
    method: string;
    headers: Record<string, string | number>;
    body: Buffer | null;
    endpoint: string;
  }

  const webPush: {
    /** Encrypts the text for the subscriber (RFC 8291) and signs for the push service (RFC 8292). */
    generateRequestDetails(
      subscription: { endpoint: string; keys: { p256dh: string; auth: string } },
      payload: string,
      options: {
        vapidDetails: { subject: string; publicKey: string; privateKey: string };
        TTL: number;
        urgency: 'high';
        topic: string;
      },
    ): RequestDetails;
  };
  export default webPush;
}
