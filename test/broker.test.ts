import { testBroker } from '@coffer/core/testing';
import { rabbitmqForTests } from './support/rabbitmq.ts';
import { relayForTests } from './support/relay.ts';

testBroker('embedded relay', relayForTests);
testBroker('RabbitMQ 4', () => rabbitmqForTests('4'));
if (process.env.COFFER_TEST_FULL) testBroker('RabbitMQ 3.10', () => rabbitmqForTests('3.10'));
