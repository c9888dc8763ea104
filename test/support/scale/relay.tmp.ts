import { createRelay, names } from '@coffer/core/amqp';
import { ensureCertificates } from '../../../packages/server/src/brokers/authority.ts';
const tls = await ensureCertificates('/tmp/h-scale/probe-tls', ['127.0.0.1']);
const relay = await createRelay({ host: '127.0.0.1', port: 0, tls, maxQueueLength: 100_000, authenticate: async () => ({ role: 'service' }) });
relay.declareQueue(names.eventQueue, names.eventBinding);
relay.declareQueue(names.replyQueue('c'.repeat(32)), names.replyBinding('c'.repeat(32)));
process.send?.({ port: relay.port, ca: tls.ca });
process.on('disconnect', () => process.exit());
