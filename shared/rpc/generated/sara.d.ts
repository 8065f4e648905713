import * as $protobuf from "protobufjs/minimal.js";
import Long = require("long");

/** Namespace sara. */
export namespace sara {

    /** Namespace v1. */
    namespace v1 {

        /**
         * Properties of a SpawnRequest.
         * @deprecated Use sara.v1.SpawnRequest.$Properties instead.
         */
        interface ISpawnRequest extends sara.v1.SpawnRequest.$Properties {
        }

        /** Represents a SpawnRequest. */
        class SpawnRequest {

            /**
             * Constructs a new SpawnRequest.
             * @param [properties] Properties to set
             */
            constructor(properties?: sara.v1.SpawnRequest.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /**
             * Name of the new actor, chosen by the driver. Unique for all time (it holds a random part), 1 to 128
             * characters of [A-Za-z0-9._-].
             */
            actorId: string;

            /** Key into the worker's registry of actor classes, for example "StageActor". */
            className: string;

            /** Run the actor belongs to, 1 to 128 characters of [A-Za-z0-9_-]. Set by the driver. */
            run: string;

            /**
             * Version of the run's worker group, from 1, set by the driver. Lower than the highest the worker has seen
             * for this run: refused with STALE_GENERATION.
             */
            generation: number;

            /** Constructor arguments as an actor value (JSON, see shared/actor/value.ts), UTF-8. */
            args: Uint8Array;

            /**
             * Memory the actor asks for, in bytes; 0 when the driver states none. The worker refuses what exceeds its
             * unreserved capacity with DOES_NOT_FIT.
             */
            memoryBytes: number;

            /**
             * Creates a new SpawnRequest instance using the specified properties.
             * @param [properties] Properties to set
             * @returns SpawnRequest instance
             */
            static create(properties: sara.v1.SpawnRequest.$Shape): sara.v1.SpawnRequest & sara.v1.SpawnRequest.$Shape;
            static create(properties?: sara.v1.SpawnRequest.$Properties): sara.v1.SpawnRequest;

            /**
             * Encodes the specified SpawnRequest message. Does not implicitly {@link sara.v1.SpawnRequest.verify|verify} messages.
             * @param message SpawnRequest message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: sara.v1.SpawnRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a SpawnRequest message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {sara.v1.SpawnRequest & sara.v1.SpawnRequest.$Shape} SpawnRequest
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): sara.v1.SpawnRequest & sara.v1.SpawnRequest.$Shape;
        }

        namespace SpawnRequest {

            /** Properties of a SpawnRequest. */
            interface $Properties {

                /**
                 * Name of the new actor, chosen by the driver. Unique for all time (it holds a random part), 1 to 128
                 * characters of [A-Za-z0-9._-].
                 */
                actorId?: (string|null);

                /** Key into the worker's registry of actor classes, for example "StageActor". */
                className?: (string|null);

                /** Run the actor belongs to, 1 to 128 characters of [A-Za-z0-9_-]. Set by the driver. */
                run?: (string|null);

                /**
                 * Version of the run's worker group, from 1, set by the driver. Lower than the highest the worker has seen
                 * for this run: refused with STALE_GENERATION.
                 */
                generation?: (number|null);

                /** Constructor arguments as an actor value (JSON, see shared/actor/value.ts), UTF-8. */
                args?: (Uint8Array|null);

                /**
                 * Memory the actor asks for, in bytes; 0 when the driver states none. The worker refuses what exceeds its
                 * unreserved capacity with DOES_NOT_FIT.
                 */
                memoryBytes?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a SpawnRequest. */
            type $Shape = sara.v1.SpawnRequest.$Properties;
        }

        /**
         * Properties of a SpawnReply.
         * @deprecated Use sara.v1.SpawnReply.$Properties instead.
         */
        interface ISpawnReply extends sara.v1.SpawnReply.$Properties {
        }

        /** Represents a SpawnReply. */
        class SpawnReply {

            /**
             * Constructs a new SpawnReply.
             * @param [properties] Properties to set
             */
            constructor(properties?: sara.v1.SpawnReply.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /**
             * Random name of this worker process. It changes when the process restarts, so a driver can tell a
             * restarted worker from the one it placed actors on. Set by the worker.
             */
            incarnation: string;

            /**
             * Creates a new SpawnReply instance using the specified properties.
             * @param [properties] Properties to set
             * @returns SpawnReply instance
             */
            static create(properties: sara.v1.SpawnReply.$Shape): sara.v1.SpawnReply & sara.v1.SpawnReply.$Shape;
            static create(properties?: sara.v1.SpawnReply.$Properties): sara.v1.SpawnReply;

            /**
             * Encodes the specified SpawnReply message. Does not implicitly {@link sara.v1.SpawnReply.verify|verify} messages.
             * @param message SpawnReply message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: sara.v1.SpawnReply.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a SpawnReply message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {sara.v1.SpawnReply & sara.v1.SpawnReply.$Shape} SpawnReply
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): sara.v1.SpawnReply & sara.v1.SpawnReply.$Shape;
        }

        namespace SpawnReply {

            /** Properties of a SpawnReply. */
            interface $Properties {

                /**
                 * Random name of this worker process. It changes when the process restarts, so a driver can tell a
                 * restarted worker from the one it placed actors on. Set by the worker.
                 */
                incarnation?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a SpawnReply. */
            type $Shape = sara.v1.SpawnReply.$Properties;
        }

        /**
         * Properties of a StopRequest.
         * @deprecated Use sara.v1.StopRequest.$Properties instead.
         */
        interface IStopRequest extends sara.v1.StopRequest.$Properties {
        }

        /** Represents a StopRequest. */
        class StopRequest {

            /**
             * Constructs a new StopRequest.
             * @param [properties] Properties to set
             */
            constructor(properties?: sara.v1.StopRequest.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Actor to stop; empty: every actor of `run`. */
            actorId: string;

            /** Run the actor belongs to. Always set by the driver. */
            run: string;

            /** Generation of the caller, from 1. A stale one is refused, so that an old driver cannot stop new actors. */
            generation: number;

            /**
             * Creates a new StopRequest instance using the specified properties.
             * @param [properties] Properties to set
             * @returns StopRequest instance
             */
            static create(properties: sara.v1.StopRequest.$Shape): sara.v1.StopRequest & sara.v1.StopRequest.$Shape;
            static create(properties?: sara.v1.StopRequest.$Properties): sara.v1.StopRequest;

            /**
             * Encodes the specified StopRequest message. Does not implicitly {@link sara.v1.StopRequest.verify|verify} messages.
             * @param message StopRequest message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: sara.v1.StopRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a StopRequest message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {sara.v1.StopRequest & sara.v1.StopRequest.$Shape} StopRequest
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): sara.v1.StopRequest & sara.v1.StopRequest.$Shape;
        }

        namespace StopRequest {

            /** Properties of a StopRequest. */
            interface $Properties {

                /** Actor to stop; empty: every actor of `run`. */
                actorId?: (string|null);

                /** Run the actor belongs to. Always set by the driver. */
                run?: (string|null);

                /** Generation of the caller, from 1. A stale one is refused, so that an old driver cannot stop new actors. */
                generation?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a StopRequest. */
            type $Shape = sara.v1.StopRequest.$Properties;
        }

        /**
         * Properties of a StopReply.
         * @deprecated Use sara.v1.StopReply.$Properties instead.
         */
        interface IStopReply extends sara.v1.StopReply.$Properties {
        }

        /** Represents a StopReply. */
        class StopReply {

            /**
             * Constructs a new StopReply.
             * @param [properties] Properties to set
             */
            constructor(properties?: sara.v1.StopReply.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** How many actors were stopped by this request. */
            numStopped: number;

            /**
             * Creates a new StopReply instance using the specified properties.
             * @param [properties] Properties to set
             * @returns StopReply instance
             */
            static create(properties: sara.v1.StopReply.$Shape): sara.v1.StopReply & sara.v1.StopReply.$Shape;
            static create(properties?: sara.v1.StopReply.$Properties): sara.v1.StopReply;

            /**
             * Encodes the specified StopReply message. Does not implicitly {@link sara.v1.StopReply.verify|verify} messages.
             * @param message StopReply message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: sara.v1.StopReply.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a StopReply message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {sara.v1.StopReply & sara.v1.StopReply.$Shape} StopReply
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): sara.v1.StopReply & sara.v1.StopReply.$Shape;
        }

        namespace StopReply {

            /** Properties of a StopReply. */
            interface $Properties {

                /** How many actors were stopped by this request. */
                numStopped?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a StopReply. */
            type $Shape = sara.v1.StopReply.$Properties;
        }

        /**
         * Properties of a CallMessage.
         * @deprecated Use sara.v1.CallMessage.$Properties instead.
         */
        interface ICallMessage extends sara.v1.CallMessage.$Properties {
        }

        /** One message from caller to worker. */
        class CallMessage {

            /**
             * Constructs a new CallMessage.
             * @param [properties] Properties to set
             */
            constructor(properties?: sara.v1.CallMessage.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Ask for a method. */
            invoke?: (sara.v1.Invoke.$Properties|null);

            /** Give up on an earlier Invoke. */
            cancel?: (sara.v1.Cancel.$Properties|null);

            /** Give up objects; not answered. */
            free?: (sara.v1.Free.$Properties|null);

            /** CallMessage message. */
            message?: ("invoke"|"cancel"|"free");

            /**
             * Creates a new CallMessage instance using the specified properties.
             * @param [properties] Properties to set
             * @returns CallMessage instance
             */
            static create(properties: sara.v1.CallMessage.$Shape): sara.v1.CallMessage & sara.v1.CallMessage.$Shape;
            static create(properties?: sara.v1.CallMessage.$Properties): sara.v1.CallMessage;

            /**
             * Encodes the specified CallMessage message. Does not implicitly {@link sara.v1.CallMessage.verify|verify} messages.
             * @param message CallMessage message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: sara.v1.CallMessage.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a CallMessage message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {sara.v1.CallMessage & sara.v1.CallMessage.$Shape} CallMessage
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): sara.v1.CallMessage & sara.v1.CallMessage.$Shape;
        }

        namespace CallMessage {

            /** Properties of a CallMessage. */
            interface $Properties {

                /** Ask for a method. */
                invoke?: (sara.v1.Invoke.$Properties|null);

                /** Give up on an earlier Invoke. */
                cancel?: (sara.v1.Cancel.$Properties|null);

                /** Give up objects; not answered. */
                free?: (sara.v1.Free.$Properties|null);

                /** CallMessage message */
                message?: ("invoke"|"cancel"|"free");

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Narrowed shape of a CallMessage. */
            type $Shape = {
              invoke?: sara.v1.Invoke.$Shape|null;
              cancel?: sara.v1.Cancel.$Shape|null;
              free?: sara.v1.Free.$Shape|null;
              $unknowns?: Uint8Array[];
            } & (
              ({ message?: undefined; invoke?: null; cancel?: null; free?: null }|{ message?: "invoke"; invoke: sara.v1.Invoke.$Shape; cancel?: null; free?: null }|{ message?: "cancel"; invoke?: null; cancel: sara.v1.Cancel.$Shape; free?: null }|{ message?: "free"; invoke?: null; cancel?: null; free: sara.v1.Free.$Shape })
            );
        }

        /**
         * Properties of an Invoke.
         * @deprecated Use sara.v1.Invoke.$Properties instead.
         */
        interface IInvoke extends sara.v1.Invoke.$Properties {
        }

        /** Represents an Invoke. */
        class Invoke {

            /**
             * Constructs a new Invoke.
             * @param [properties] Properties to set
             */
            constructor(properties?: sara.v1.Invoke.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Number of the call, chosen by the caller, unique on its stream, from 1. */
            callId: number;

            /** Actor to call. */
            actorId: string;

            /** Method of the actor's protocol. Only names the actor's definition lists can be called. */
            method: string;

            /** Run of the actor, checked against the actor's own. */
            run: string;

            /**
             * Generation of the caller, from 1. Lower than the highest the worker has seen for the run: refused.
             * Higher: older calls of the run are aborted and objects of older generations freed.
             */
            generation: number;

            /**
             * Time the caller is willing to wait, in milliseconds from now, 1 to 2^31-1. Relative, so that the clocks
             * of two machines need not agree.
             */
            timeoutMs: number;

            /** Arguments as an actor value, UTF-8 JSON. */
            args: Uint8Array;

            /** W3C trace context of the caller's span, at most 55 characters; empty when it does not trace. */
            traceparent: string;

            /**
             * Creates a new Invoke instance using the specified properties.
             * @param [properties] Properties to set
             * @returns Invoke instance
             */
            static create(properties: sara.v1.Invoke.$Shape): sara.v1.Invoke & sara.v1.Invoke.$Shape;
            static create(properties?: sara.v1.Invoke.$Properties): sara.v1.Invoke;

            /**
             * Encodes the specified Invoke message. Does not implicitly {@link sara.v1.Invoke.verify|verify} messages.
             * @param message Invoke message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: sara.v1.Invoke.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes an Invoke message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {sara.v1.Invoke & sara.v1.Invoke.$Shape} Invoke
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): sara.v1.Invoke & sara.v1.Invoke.$Shape;
        }

        namespace Invoke {

            /** Properties of an Invoke. */
            interface $Properties {

                /** Number of the call, chosen by the caller, unique on its stream, from 1. */
                callId?: (number|null);

                /** Actor to call. */
                actorId?: (string|null);

                /** Method of the actor's protocol. Only names the actor's definition lists can be called. */
                method?: (string|null);

                /** Run of the actor, checked against the actor's own. */
                run?: (string|null);

                /**
                 * Generation of the caller, from 1. Lower than the highest the worker has seen for the run: refused.
                 * Higher: older calls of the run are aborted and objects of older generations freed.
                 */
                generation?: (number|null);

                /**
                 * Time the caller is willing to wait, in milliseconds from now, 1 to 2^31-1. Relative, so that the clocks
                 * of two machines need not agree.
                 */
                timeoutMs?: (number|null);

                /** Arguments as an actor value, UTF-8 JSON. */
                args?: (Uint8Array|null);

                /** W3C trace context of the caller's span, at most 55 characters; empty when it does not trace. */
                traceparent?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of an Invoke. */
            type $Shape = sara.v1.Invoke.$Properties;
        }

        /**
         * Properties of a Cancel.
         * @deprecated Use sara.v1.Cancel.$Properties instead.
         */
        interface ICancel extends sara.v1.Cancel.$Properties {
        }

        /** Represents a Cancel. */
        class Cancel {

            /**
             * Constructs a new Cancel.
             * @param [properties] Properties to set
             */
            constructor(properties?: sara.v1.Cancel.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** The call that is no longer wanted. One that is done or unknown is ignored. */
            callId: number;

            /**
             * Creates a new Cancel instance using the specified properties.
             * @param [properties] Properties to set
             * @returns Cancel instance
             */
            static create(properties: sara.v1.Cancel.$Shape): sara.v1.Cancel & sara.v1.Cancel.$Shape;
            static create(properties?: sara.v1.Cancel.$Properties): sara.v1.Cancel;

            /**
             * Encodes the specified Cancel message. Does not implicitly {@link sara.v1.Cancel.verify|verify} messages.
             * @param message Cancel message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: sara.v1.Cancel.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Cancel message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {sara.v1.Cancel & sara.v1.Cancel.$Shape} Cancel
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): sara.v1.Cancel & sara.v1.Cancel.$Shape;
        }

        namespace Cancel {

            /** Properties of a Cancel. */
            interface $Properties {

                /** The call that is no longer wanted. One that is done or unknown is ignored. */
                callId?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Cancel. */
            type $Shape = sara.v1.Cancel.$Properties;
        }

        /**
         * Properties of a Free.
         * @deprecated Use sara.v1.Free.$Properties instead.
         */
        interface IFree extends sara.v1.Free.$Properties {
        }

        /** Represents a Free. */
        class Free {

            /**
             * Constructs a new Free.
             * @param [properties] Properties to set
             */
            constructor(properties?: sara.v1.Free.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Ids of objects held by this worker. Ids that are not there are ignored. */
            objectIds: string[];

            /**
             * Creates a new Free instance using the specified properties.
             * @param [properties] Properties to set
             * @returns Free instance
             */
            static create(properties: sara.v1.Free.$Shape): sara.v1.Free & sara.v1.Free.$Shape;
            static create(properties?: sara.v1.Free.$Properties): sara.v1.Free;

            /**
             * Encodes the specified Free message. Does not implicitly {@link sara.v1.Free.verify|verify} messages.
             * @param message Free message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: sara.v1.Free.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Free message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {sara.v1.Free & sara.v1.Free.$Shape} Free
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): sara.v1.Free & sara.v1.Free.$Shape;
        }

        namespace Free {

            /** Properties of a Free. */
            interface $Properties {

                /** Ids of objects held by this worker. Ids that are not there are ignored. */
                objectIds?: (string[]|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Free. */
            type $Shape = sara.v1.Free.$Properties;
        }

        /**
         * Properties of a CallReply.
         * @deprecated Use sara.v1.CallReply.$Properties instead.
         */
        interface ICallReply extends sara.v1.CallReply.$Properties {
        }

        /** Answer to one Invoke. */
        class CallReply {

            /**
             * Constructs a new CallReply.
             * @param [properties] Properties to set
             */
            constructor(properties?: sara.v1.CallReply.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** The call this answers. */
            callId: number;

            /** The method's result as an actor value, UTF-8 JSON. */
            result?: (Uint8Array|null);

            /** Why there is none. */
            failure?: (sara.v1.Failure.$Properties|null);

            /** CallReply outcome. */
            outcome?: ("result"|"failure");

            /**
             * Creates a new CallReply instance using the specified properties.
             * @param [properties] Properties to set
             * @returns CallReply instance
             */
            static create(properties: sara.v1.CallReply.$Shape): sara.v1.CallReply & sara.v1.CallReply.$Shape;
            static create(properties?: sara.v1.CallReply.$Properties): sara.v1.CallReply;

            /**
             * Encodes the specified CallReply message. Does not implicitly {@link sara.v1.CallReply.verify|verify} messages.
             * @param message CallReply message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: sara.v1.CallReply.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a CallReply message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {sara.v1.CallReply & sara.v1.CallReply.$Shape} CallReply
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): sara.v1.CallReply & sara.v1.CallReply.$Shape;
        }

        namespace CallReply {

            /** Properties of a CallReply. */
            interface $Properties {

                /** The call this answers. */
                callId?: (number|null);

                /** The method's result as an actor value, UTF-8 JSON. */
                result?: (Uint8Array|null);

                /** Why there is none. */
                failure?: (sara.v1.Failure.$Properties|null);

                /** CallReply outcome */
                outcome?: ("result"|"failure");

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Narrowed shape of a CallReply. */
            type $Shape = {
              callId?: number|null;
              result?: Uint8Array|null;
              failure?: sara.v1.Failure.$Shape|null;
              $unknowns?: Uint8Array[];
            } & (
              ({ outcome?: undefined; result?: null; failure?: null }|{ outcome?: "result"; result: Uint8Array; failure?: null }|{ outcome?: "failure"; result?: null; failure: sara.v1.Failure.$Shape })
            );
        }

        /**
         * Properties of a Failure.
         * @deprecated Use sara.v1.Failure.$Properties instead.
         */
        interface IFailure extends sara.v1.Failure.$Properties {
        }

        /**
         * A typed error as it crosses a process border. Also rides in the trailing metadata of failed calls, under
         * the key "sara-failure-bin".
         */
        class Failure {

            /**
             * Constructs a new Failure.
             * @param [properties] Properties to set
             */
            constructor(properties?: sara.v1.Failure.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** A code of shared/errors.ts. One the receiver does not know is read as INTERNAL. */
            code: string;

            /** What failed, the broken relation with its values, what to do. */
            message: string;

            /** The values of the broken relation: a flat JSON object of strings, numbers, booleans and nulls, UTF-8. */
            context: Uint8Array;

            /**
             * Creates a new Failure instance using the specified properties.
             * @param [properties] Properties to set
             * @returns Failure instance
             */
            static create(properties: sara.v1.Failure.$Shape): sara.v1.Failure & sara.v1.Failure.$Shape;
            static create(properties?: sara.v1.Failure.$Properties): sara.v1.Failure;

            /**
             * Encodes the specified Failure message. Does not implicitly {@link sara.v1.Failure.verify|verify} messages.
             * @param message Failure message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: sara.v1.Failure.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Failure message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {sara.v1.Failure & sara.v1.Failure.$Shape} Failure
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): sara.v1.Failure & sara.v1.Failure.$Shape;
        }

        namespace Failure {

            /** Properties of a Failure. */
            interface $Properties {

                /** A code of shared/errors.ts. One the receiver does not know is read as INTERNAL. */
                code?: (string|null);

                /** What failed, the broken relation with its values, what to do. */
                message?: (string|null);

                /** The values of the broken relation: a flat JSON object of strings, numbers, booleans and nulls, UTF-8. */
                context?: (Uint8Array|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Failure. */
            type $Shape = sara.v1.Failure.$Properties;
        }

        /**
         * Properties of a StatusRequest.
         * @deprecated Use sara.v1.StatusRequest.$Properties instead.
         */
        interface IStatusRequest extends sara.v1.StatusRequest.$Properties {
        }

        /** Represents a StatusRequest. */
        class StatusRequest {

            /**
             * Constructs a new StatusRequest.
             * @param [properties] Properties to set
             */
            constructor(properties?: sara.v1.StatusRequest.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /**
             * Creates a new StatusRequest instance using the specified properties.
             * @param [properties] Properties to set
             * @returns StatusRequest instance
             */
            static create(properties: sara.v1.StatusRequest.$Shape): sara.v1.StatusRequest & sara.v1.StatusRequest.$Shape;
            static create(properties?: sara.v1.StatusRequest.$Properties): sara.v1.StatusRequest;

            /**
             * Encodes the specified StatusRequest message. Does not implicitly {@link sara.v1.StatusRequest.verify|verify} messages.
             * @param message StatusRequest message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: sara.v1.StatusRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a StatusRequest message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {sara.v1.StatusRequest & sara.v1.StatusRequest.$Shape} StatusRequest
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): sara.v1.StatusRequest & sara.v1.StatusRequest.$Shape;
        }

        namespace StatusRequest {

            /** Properties of a StatusRequest. */
            interface $Properties {

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a StatusRequest. */
            type $Shape = sara.v1.StatusRequest.$Properties;
        }

        /**
         * Properties of a StatusReply.
         * @deprecated Use sara.v1.StatusReply.$Properties instead.
         */
        interface IStatusReply extends sara.v1.StatusReply.$Properties {
        }

        /** Represents a StatusReply. */
        class StatusReply {

            /**
             * Constructs a new StatusReply.
             * @param [properties] Properties to set
             */
            constructor(properties?: sara.v1.StatusReply.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Name of the worker, as configured. */
            worker: string;

            /** host:port under which other processes reach it. */
            address: string;

            /** Random name of this process, see SpawnReply. */
            incarnation: string;

            /** Process id on its machine. */
            pid: number;

            /** Actors that are alive, oldest first. */
            actors: sara.v1.ActorStatus.$Properties[];

            /** Objects held now. */
            numObjects: number;

            /** Bytes of tensor data the object store holds now. */
            objectBytes: number;

            /** Bytes the object store may hold at most. */
            objectCapacityBytes: number;

            /** Resident memory of the process, in bytes. */
            rssBytes: number;

            /** Memory that actors may reserve in all, in bytes; 0 when not limited. */
            memoryCapacityBytes: number;

            /**
             * Creates a new StatusReply instance using the specified properties.
             * @param [properties] Properties to set
             * @returns StatusReply instance
             */
            static create(properties: sara.v1.StatusReply.$Shape): sara.v1.StatusReply & sara.v1.StatusReply.$Shape;
            static create(properties?: sara.v1.StatusReply.$Properties): sara.v1.StatusReply;

            /**
             * Encodes the specified StatusReply message. Does not implicitly {@link sara.v1.StatusReply.verify|verify} messages.
             * @param message StatusReply message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: sara.v1.StatusReply.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a StatusReply message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {sara.v1.StatusReply & sara.v1.StatusReply.$Shape} StatusReply
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): sara.v1.StatusReply & sara.v1.StatusReply.$Shape;
        }

        namespace StatusReply {

            /** Properties of a StatusReply. */
            interface $Properties {

                /** Name of the worker, as configured. */
                worker?: (string|null);

                /** host:port under which other processes reach it. */
                address?: (string|null);

                /** Random name of this process, see SpawnReply. */
                incarnation?: (string|null);

                /** Process id on its machine. */
                pid?: (number|null);

                /** Actors that are alive, oldest first. */
                actors?: (sara.v1.ActorStatus.$Properties[]|null);

                /** Objects held now. */
                numObjects?: (number|null);

                /** Bytes of tensor data the object store holds now. */
                objectBytes?: (number|null);

                /** Bytes the object store may hold at most. */
                objectCapacityBytes?: (number|null);

                /** Resident memory of the process, in bytes. */
                rssBytes?: (number|null);

                /** Memory that actors may reserve in all, in bytes; 0 when not limited. */
                memoryCapacityBytes?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a StatusReply. */
            type $Shape = sara.v1.StatusReply.$Properties;
        }

        /**
         * Properties of an ActorStatus.
         * @deprecated Use sara.v1.ActorStatus.$Properties instead.
         */
        interface IActorStatus extends sara.v1.ActorStatus.$Properties {
        }

        /** Represents an ActorStatus. */
        class ActorStatus {

            /**
             * Constructs a new ActorStatus.
             * @param [properties] Properties to set
             */
            constructor(properties?: sara.v1.ActorStatus.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Name of the actor. */
            actorId: string;

            /** Class it was made from, see SpawnRequest. */
            className: string;

            /** Run it belongs to. */
            run: string;

            /** Generation it was spawned in. */
            generation: number;

            /** Calls waiting in its mailbox. */
            numQueued: number;

            /** Method that runs now; empty when idle. */
            busyMethod: string;

            /** Memory it reserved at Spawn, in bytes. */
            memoryBytes: number;

            /**
             * Creates a new ActorStatus instance using the specified properties.
             * @param [properties] Properties to set
             * @returns ActorStatus instance
             */
            static create(properties: sara.v1.ActorStatus.$Shape): sara.v1.ActorStatus & sara.v1.ActorStatus.$Shape;
            static create(properties?: sara.v1.ActorStatus.$Properties): sara.v1.ActorStatus;

            /**
             * Encodes the specified ActorStatus message. Does not implicitly {@link sara.v1.ActorStatus.verify|verify} messages.
             * @param message ActorStatus message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: sara.v1.ActorStatus.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes an ActorStatus message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {sara.v1.ActorStatus & sara.v1.ActorStatus.$Shape} ActorStatus
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): sara.v1.ActorStatus & sara.v1.ActorStatus.$Shape;
        }

        namespace ActorStatus {

            /** Properties of an ActorStatus. */
            interface $Properties {

                /** Name of the actor. */
                actorId?: (string|null);

                /** Class it was made from, see SpawnRequest. */
                className?: (string|null);

                /** Run it belongs to. */
                run?: (string|null);

                /** Generation it was spawned in. */
                generation?: (number|null);

                /** Calls waiting in its mailbox. */
                numQueued?: (number|null);

                /** Method that runs now; empty when idle. */
                busyMethod?: (string|null);

                /** Memory it reserved at Spawn, in bytes. */
                memoryBytes?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of an ActorStatus. */
            type $Shape = sara.v1.ActorStatus.$Properties;
        }

        /** RunState enum. */
        enum RunState {

            /** Never sent. */
            RUN_STATE_UNSPECIFIED = 0,

            /** Accepted, waiting for workers. */
            RUN_STATE_QUEUED = 1,

            /** The UNet is being cut and placed. */
            RUN_STATE_PLANNING = 2,

            /** Steps are being taken. */
            RUN_STATE_RUNNING = 3,

            /** Adapter, merged model and pictures are being written. */
            RUN_STATE_FINISHING = 4,

            /** Terminal: everything was written. */
            RUN_STATE_SUCCEEDED = 5,

            /** Terminal: see the failure. */
            RUN_STATE_FAILED = 6,

            /** Terminal: somebody asked for it. */
            RUN_STATE_CANCELLED = 7
        }

        /**
         * Properties of a RunEvent.
         * @deprecated Use sara.v1.RunEvent.$Properties instead.
         */
        interface IRunEvent extends sara.v1.RunEvent.$Properties {
        }

        /** Represents a RunEvent. */
        class RunEvent {

            /**
             * Constructs a new RunEvent.
             * @param [properties] Properties to set
             */
            constructor(properties?: sara.v1.RunEvent.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Run this is about. */
            run: string;

            /**
             * Position in the run's history, from 1, without gaps. Set by the coordinator; consumers drop what they
             * have already seen by it.
             */
            sequence: number;

            /** Generation of the worker group, from 1; 0 before there is one. */
            generation: number;

            /** Step that was current, from 0. */
            step: number;

            /** When it happened: milliseconds since 1970-01-01 UTC on the coordinator's clock. */
            atMs: number;

            /** RunEvent stateChanged. */
            stateChanged?: (sara.v1.StateChanged.$Properties|null);

            /** RunEvent planned. */
            planned?: (sara.v1.Planned.$Properties|null);

            /** RunEvent stepCommitted. */
            stepCommitted?: (sara.v1.StepCommitted.$Properties|null);

            /** RunEvent validated. */
            validated?: (sara.v1.Validated.$Properties|null);

            /** RunEvent maskRefreshed. */
            maskRefreshed?: (sara.v1.MaskRefreshed.$Properties|null);

            /** RunEvent checkpointed. */
            checkpointed?: (sara.v1.Checkpointed.$Properties|null);

            /** RunEvent artifact. */
            artifact?: (sara.v1.Artifact.$Properties|null);

            /** RunEvent log. */
            log?: (sara.v1.LogLine.$Properties|null);

            /** RunEvent failed. */
            failed?: (sara.v1.RunFailed.$Properties|null);

            /** RunEvent encoded. */
            encoded?: (sara.v1.Encoded.$Properties|null);

            /** RunEvent body. */
            body?: ("stateChanged"|"planned"|"stepCommitted"|"validated"|"maskRefreshed"|"checkpointed"|"artifact"|"log"|"failed"|"encoded");

            /**
             * Creates a new RunEvent instance using the specified properties.
             * @param [properties] Properties to set
             * @returns RunEvent instance
             */
            static create(properties: sara.v1.RunEvent.$Shape): sara.v1.RunEvent & sara.v1.RunEvent.$Shape;
            static create(properties?: sara.v1.RunEvent.$Properties): sara.v1.RunEvent;

            /**
             * Encodes the specified RunEvent message. Does not implicitly {@link sara.v1.RunEvent.verify|verify} messages.
             * @param message RunEvent message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: sara.v1.RunEvent.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a RunEvent message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {sara.v1.RunEvent & sara.v1.RunEvent.$Shape} RunEvent
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): sara.v1.RunEvent & sara.v1.RunEvent.$Shape;
        }

        namespace RunEvent {

            /** Properties of a RunEvent. */
            interface $Properties {

                /** Run this is about. */
                run?: (string|null);

                /**
                 * Position in the run's history, from 1, without gaps. Set by the coordinator; consumers drop what they
                 * have already seen by it.
                 */
                sequence?: (number|null);

                /** Generation of the worker group, from 1; 0 before there is one. */
                generation?: (number|null);

                /** Step that was current, from 0. */
                step?: (number|null);

                /** When it happened: milliseconds since 1970-01-01 UTC on the coordinator's clock. */
                atMs?: (number|null);

                /** RunEvent stateChanged */
                stateChanged?: (sara.v1.StateChanged.$Properties|null);

                /** RunEvent planned */
                planned?: (sara.v1.Planned.$Properties|null);

                /** RunEvent stepCommitted */
                stepCommitted?: (sara.v1.StepCommitted.$Properties|null);

                /** RunEvent validated */
                validated?: (sara.v1.Validated.$Properties|null);

                /** RunEvent maskRefreshed */
                maskRefreshed?: (sara.v1.MaskRefreshed.$Properties|null);

                /** RunEvent checkpointed */
                checkpointed?: (sara.v1.Checkpointed.$Properties|null);

                /** RunEvent artifact */
                artifact?: (sara.v1.Artifact.$Properties|null);

                /** RunEvent log */
                log?: (sara.v1.LogLine.$Properties|null);

                /** RunEvent failed */
                failed?: (sara.v1.RunFailed.$Properties|null);

                /** RunEvent encoded */
                encoded?: (sara.v1.Encoded.$Properties|null);

                /** RunEvent body */
                body?: ("stateChanged"|"planned"|"stepCommitted"|"validated"|"maskRefreshed"|"checkpointed"|"artifact"|"log"|"failed"|"encoded");

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Narrowed shape of a RunEvent. */
            type $Shape = {
              run?: string|null;
              sequence?: number|null;
              generation?: number|null;
              step?: number|null;
              atMs?: number|null;
              stateChanged?: sara.v1.StateChanged.$Shape|null;
              planned?: sara.v1.Planned.$Shape|null;
              stepCommitted?: sara.v1.StepCommitted.$Shape|null;
              validated?: sara.v1.Validated.$Shape|null;
              maskRefreshed?: sara.v1.MaskRefreshed.$Shape|null;
              checkpointed?: sara.v1.Checkpointed.$Shape|null;
              artifact?: sara.v1.Artifact.$Shape|null;
              log?: sara.v1.LogLine.$Shape|null;
              failed?: sara.v1.RunFailed.$Shape|null;
              encoded?: sara.v1.Encoded.$Shape|null;
              $unknowns?: Uint8Array[];
            } & (
              ({ body?: undefined; stateChanged?: null; planned?: null; stepCommitted?: null; validated?: null; maskRefreshed?: null; checkpointed?: null; artifact?: null; log?: null; failed?: null; encoded?: null }|{ body?: "stateChanged"; stateChanged: sara.v1.StateChanged.$Shape; planned?: null; stepCommitted?: null; validated?: null; maskRefreshed?: null; checkpointed?: null; artifact?: null; log?: null; failed?: null; encoded?: null }|{ body?: "planned"; stateChanged?: null; planned: sara.v1.Planned.$Shape; stepCommitted?: null; validated?: null; maskRefreshed?: null; checkpointed?: null; artifact?: null; log?: null; failed?: null; encoded?: null }|{ body?: "stepCommitted"; stateChanged?: null; planned?: null; stepCommitted: sara.v1.StepCommitted.$Shape; validated?: null; maskRefreshed?: null; checkpointed?: null; artifact?: null; log?: null; failed?: null; encoded?: null }|{ body?: "validated"; stateChanged?: null; planned?: null; stepCommitted?: null; validated: sara.v1.Validated.$Shape; maskRefreshed?: null; checkpointed?: null; artifact?: null; log?: null; failed?: null; encoded?: null }|{ body?: "maskRefreshed"; stateChanged?: null; planned?: null; stepCommitted?: null; validated?: null; maskRefreshed: sara.v1.MaskRefreshed.$Shape; checkpointed?: null; artifact?: null; log?: null; failed?: null; encoded?: null }|{ body?: "checkpointed"; stateChanged?: null; planned?: null; stepCommitted?: null; validated?: null; maskRefreshed?: null; checkpointed: sara.v1.Checkpointed.$Shape; artifact?: null; log?: null; failed?: null; encoded?: null }|{ body?: "artifact"; stateChanged?: null; planned?: null; stepCommitted?: null; validated?: null; maskRefreshed?: null; checkpointed?: null; artifact: sara.v1.Artifact.$Shape; log?: null; failed?: null; encoded?: null }|{ body?: "log"; stateChanged?: null; planned?: null; stepCommitted?: null; validated?: null; maskRefreshed?: null; checkpointed?: null; artifact?: null; log: sara.v1.LogLine.$Shape; failed?: null; encoded?: null }|{ body?: "failed"; stateChanged?: null; planned?: null; stepCommitted?: null; validated?: null; maskRefreshed?: null; checkpointed?: null; artifact?: null; log?: null; failed: sara.v1.RunFailed.$Shape; encoded?: null }|{ body?: "encoded"; stateChanged?: null; planned?: null; stepCommitted?: null; validated?: null; maskRefreshed?: null; checkpointed?: null; artifact?: null; log?: null; failed?: null; encoded: sara.v1.Encoded.$Shape })
            );
        }

        /**
         * Properties of a StateChanged.
         * @deprecated Use sara.v1.StateChanged.$Properties instead.
         */
        interface IStateChanged extends sara.v1.StateChanged.$Properties {
        }

        /** Represents a StateChanged. */
        class StateChanged {

            /**
             * Constructs a new StateChanged.
             * @param [properties] Properties to set
             */
            constructor(properties?: sara.v1.StateChanged.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** State from now on. */
            state: sara.v1.RunState;

            /** Why, for people; may be empty. */
            reason: string;

            /**
             * Creates a new StateChanged instance using the specified properties.
             * @param [properties] Properties to set
             * @returns StateChanged instance
             */
            static create(properties: sara.v1.StateChanged.$Shape): sara.v1.StateChanged & sara.v1.StateChanged.$Shape;
            static create(properties?: sara.v1.StateChanged.$Properties): sara.v1.StateChanged;

            /**
             * Encodes the specified StateChanged message. Does not implicitly {@link sara.v1.StateChanged.verify|verify} messages.
             * @param message StateChanged message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: sara.v1.StateChanged.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a StateChanged message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {sara.v1.StateChanged & sara.v1.StateChanged.$Shape} StateChanged
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): sara.v1.StateChanged & sara.v1.StateChanged.$Shape;
        }

        namespace StateChanged {

            /** Properties of a StateChanged. */
            interface $Properties {

                /** State from now on. */
                state?: (sara.v1.RunState|null);

                /** Why, for people; may be empty. */
                reason?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a StateChanged. */
            type $Shape = sara.v1.StateChanged.$Properties;
        }

        /**
         * Properties of a Planned.
         * @deprecated Use sara.v1.Planned.$Properties instead.
         */
        interface IPlanned extends sara.v1.Planned.$Properties {
        }

        /** Represents a Planned. */
        class Planned {

            /**
             * Constructs a new Planned.
             * @param [properties] Properties to set
             */
            constructor(properties?: sara.v1.Planned.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** The placement that will be used. */
            plan?: (sara.v1.Plan.$Properties|null);

            /**
             * Creates a new Planned instance using the specified properties.
             * @param [properties] Properties to set
             * @returns Planned instance
             */
            static create(properties: sara.v1.Planned.$Shape): sara.v1.Planned & sara.v1.Planned.$Shape;
            static create(properties?: sara.v1.Planned.$Properties): sara.v1.Planned;

            /**
             * Encodes the specified Planned message. Does not implicitly {@link sara.v1.Planned.verify|verify} messages.
             * @param message Planned message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: sara.v1.Planned.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Planned message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {sara.v1.Planned & sara.v1.Planned.$Shape} Planned
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): sara.v1.Planned & sara.v1.Planned.$Shape;
        }

        namespace Planned {

            /** Properties of a Planned. */
            interface $Properties {

                /** The placement that will be used. */
                plan?: (sara.v1.Plan.$Properties|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Planned. */
            type $Shape = sara.v1.Planned.$Properties;
        }

        /**
         * Properties of an Encoded.
         * @deprecated Use sara.v1.Encoded.$Properties instead.
         */
        interface IEncoded extends sara.v1.Encoded.$Properties {
        }

        /** How far the encoding of pictures and captions is that comes before the first step. */
        class Encoded {

            /**
             * Constructs a new Encoded.
             * @param [properties] Properties to set
             */
            constructor(properties?: sara.v1.Encoded.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Latents and text states that are on disk. */
            numDone: number;

            /** All of them. */
            numTotal: number;

            /**
             * Creates a new Encoded instance using the specified properties.
             * @param [properties] Properties to set
             * @returns Encoded instance
             */
            static create(properties: sara.v1.Encoded.$Shape): sara.v1.Encoded & sara.v1.Encoded.$Shape;
            static create(properties?: sara.v1.Encoded.$Properties): sara.v1.Encoded;

            /**
             * Encodes the specified Encoded message. Does not implicitly {@link sara.v1.Encoded.verify|verify} messages.
             * @param message Encoded message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: sara.v1.Encoded.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes an Encoded message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {sara.v1.Encoded & sara.v1.Encoded.$Shape} Encoded
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): sara.v1.Encoded & sara.v1.Encoded.$Shape;
        }

        namespace Encoded {

            /** Properties of an Encoded. */
            interface $Properties {

                /** Latents and text states that are on disk. */
                numDone?: (number|null);

                /** All of them. */
                numTotal?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of an Encoded. */
            type $Shape = sara.v1.Encoded.$Properties;
        }

        /**
         * Properties of a StepCommitted.
         * @deprecated Use sara.v1.StepCommitted.$Properties instead.
         */
        interface IStepCommitted extends sara.v1.StepCommitted.$Properties {
        }

        /** One optimizer update that every stage and replica has applied. */
        class StepCommitted {

            /**
             * Constructs a new StepCommitted.
             * @param [properties] Properties to set
             */
            constructor(properties?: sara.v1.StepCommitted.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Training loss, mean over the global batch, before the update. */
            loss: number;

            /** Learning rate of the update. */
            learningRate: number;

            /** 2-norm of the compact gradient over all shards, before clipping. */
            gradNorm: number;

            /** Wall time of the step, in seconds. */
            seconds: number;

            /** Examples per second over recent steps. */
            samplesPerSecond: number;

            /** Weights that train now, over all shards. */
            trainableCount: number;

            /**
             * Creates a new StepCommitted instance using the specified properties.
             * @param [properties] Properties to set
             * @returns StepCommitted instance
             */
            static create(properties: sara.v1.StepCommitted.$Shape): sara.v1.StepCommitted & sara.v1.StepCommitted.$Shape;
            static create(properties?: sara.v1.StepCommitted.$Properties): sara.v1.StepCommitted;

            /**
             * Encodes the specified StepCommitted message. Does not implicitly {@link sara.v1.StepCommitted.verify|verify} messages.
             * @param message StepCommitted message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: sara.v1.StepCommitted.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a StepCommitted message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {sara.v1.StepCommitted & sara.v1.StepCommitted.$Shape} StepCommitted
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): sara.v1.StepCommitted & sara.v1.StepCommitted.$Shape;
        }

        namespace StepCommitted {

            /** Properties of a StepCommitted. */
            interface $Properties {

                /** Training loss, mean over the global batch, before the update. */
                loss?: (number|null);

                /** Learning rate of the update. */
                learningRate?: (number|null);

                /** 2-norm of the compact gradient over all shards, before clipping. */
                gradNorm?: (number|null);

                /** Wall time of the step, in seconds. */
                seconds?: (number|null);

                /** Examples per second over recent steps. */
                samplesPerSecond?: (number|null);

                /** Weights that train now, over all shards. */
                trainableCount?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a StepCommitted. */
            type $Shape = sara.v1.StepCommitted.$Properties;
        }

        /**
         * Properties of a Validated.
         * @deprecated Use sara.v1.Validated.$Properties instead.
         */
        interface IValidated extends sara.v1.Validated.$Properties {
        }

        /** Represents a Validated. */
        class Validated {

            /**
             * Constructs a new Validated.
             * @param [properties] Properties to set
             */
            constructor(properties?: sara.v1.Validated.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Loss on the held-out examples with fixed timesteps and noise. */
            loss: number;

            /** Held-out examples it is the mean of. */
            numExamples: number;

            /**
             * Creates a new Validated instance using the specified properties.
             * @param [properties] Properties to set
             * @returns Validated instance
             */
            static create(properties: sara.v1.Validated.$Shape): sara.v1.Validated & sara.v1.Validated.$Shape;
            static create(properties?: sara.v1.Validated.$Properties): sara.v1.Validated;

            /**
             * Encodes the specified Validated message. Does not implicitly {@link sara.v1.Validated.verify|verify} messages.
             * @param message Validated message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: sara.v1.Validated.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Validated message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {sara.v1.Validated & sara.v1.Validated.$Shape} Validated
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): sara.v1.Validated & sara.v1.Validated.$Shape;
        }

        namespace Validated {

            /** Properties of a Validated. */
            interface $Properties {

                /** Loss on the held-out examples with fixed timesteps and noise. */
                loss?: (number|null);

                /** Held-out examples it is the mean of. */
                numExamples?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Validated. */
            type $Shape = sara.v1.Validated.$Properties;
        }

        /**
         * Properties of a MaskRefreshed.
         * @deprecated Use sara.v1.MaskRefreshed.$Properties instead.
         */
        interface IMaskRefreshed extends sara.v1.MaskRefreshed.$Properties {
        }

        /** Represents a MaskRefreshed. */
        class MaskRefreshed {

            /**
             * Constructs a new MaskRefreshed.
             * @param [properties] Properties to set
             */
            constructor(properties?: sara.v1.MaskRefreshed.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** 1: the first selection. 2: after the re-selection. */
            stage: number;

            /** Weights that train from now on. */
            trainableCount: number;

            /** Weights that stopped training here and keep their value. */
            releasedCount: number;

            /** SHA-256 of the whole mask, 64 hexadecimal digits. */
            digest: string;

            /**
             * Creates a new MaskRefreshed instance using the specified properties.
             * @param [properties] Properties to set
             * @returns MaskRefreshed instance
             */
            static create(properties: sara.v1.MaskRefreshed.$Shape): sara.v1.MaskRefreshed & sara.v1.MaskRefreshed.$Shape;
            static create(properties?: sara.v1.MaskRefreshed.$Properties): sara.v1.MaskRefreshed;

            /**
             * Encodes the specified MaskRefreshed message. Does not implicitly {@link sara.v1.MaskRefreshed.verify|verify} messages.
             * @param message MaskRefreshed message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: sara.v1.MaskRefreshed.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a MaskRefreshed message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {sara.v1.MaskRefreshed & sara.v1.MaskRefreshed.$Shape} MaskRefreshed
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): sara.v1.MaskRefreshed & sara.v1.MaskRefreshed.$Shape;
        }

        namespace MaskRefreshed {

            /** Properties of a MaskRefreshed. */
            interface $Properties {

                /** 1: the first selection. 2: after the re-selection. */
                stage?: (number|null);

                /** Weights that train from now on. */
                trainableCount?: (number|null);

                /** Weights that stopped training here and keep their value. */
                releasedCount?: (number|null);

                /** SHA-256 of the whole mask, 64 hexadecimal digits. */
                digest?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a MaskRefreshed. */
            type $Shape = sara.v1.MaskRefreshed.$Properties;
        }

        /**
         * Properties of a Checkpointed.
         * @deprecated Use sara.v1.Checkpointed.$Properties instead.
         */
        interface ICheckpointed extends sara.v1.Checkpointed.$Properties {
        }

        /** Represents a Checkpointed. */
        class Checkpointed {

            /**
             * Constructs a new Checkpointed.
             * @param [properties] Properties to set
             */
            constructor(properties?: sara.v1.Checkpointed.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Folder of the checkpoint as the writing process sees it. */
            path: string;

            /** Bytes written. */
            sizeBytes: number;

            /** SHA-256 of its manifest, 64 hexadecimal digits. */
            digest: string;

            /**
             * Creates a new Checkpointed instance using the specified properties.
             * @param [properties] Properties to set
             * @returns Checkpointed instance
             */
            static create(properties: sara.v1.Checkpointed.$Shape): sara.v1.Checkpointed & sara.v1.Checkpointed.$Shape;
            static create(properties?: sara.v1.Checkpointed.$Properties): sara.v1.Checkpointed;

            /**
             * Encodes the specified Checkpointed message. Does not implicitly {@link sara.v1.Checkpointed.verify|verify} messages.
             * @param message Checkpointed message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: sara.v1.Checkpointed.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Checkpointed message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {sara.v1.Checkpointed & sara.v1.Checkpointed.$Shape} Checkpointed
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): sara.v1.Checkpointed & sara.v1.Checkpointed.$Shape;
        }

        namespace Checkpointed {

            /** Properties of a Checkpointed. */
            interface $Properties {

                /** Folder of the checkpoint as the writing process sees it. */
                path?: (string|null);

                /** Bytes written. */
                sizeBytes?: (number|null);

                /** SHA-256 of its manifest, 64 hexadecimal digits. */
                digest?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Checkpointed. */
            type $Shape = sara.v1.Checkpointed.$Properties;
        }

        /**
         * Properties of an Artifact.
         * @deprecated Use sara.v1.Artifact.$Properties instead.
         */
        interface IArtifact extends sara.v1.Artifact.$Properties {
        }

        /** A file the run leaves for its user. */
        class Artifact {

            /**
             * Constructs a new Artifact.
             * @param [properties] Properties to set
             */
            constructor(properties?: sara.v1.Artifact.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** What it is: "adapter", "merged-model", "samples", "loss-curve", "report". */
            name: string;

            /** Where it is, as the writing process sees it. */
            path: string;

            /** IANA media type. */
            mediaType: string;

            /** Bytes written. */
            sizeBytes: number;

            /**
             * Creates a new Artifact instance using the specified properties.
             * @param [properties] Properties to set
             * @returns Artifact instance
             */
            static create(properties: sara.v1.Artifact.$Shape): sara.v1.Artifact & sara.v1.Artifact.$Shape;
            static create(properties?: sara.v1.Artifact.$Properties): sara.v1.Artifact;

            /**
             * Encodes the specified Artifact message. Does not implicitly {@link sara.v1.Artifact.verify|verify} messages.
             * @param message Artifact message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: sara.v1.Artifact.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes an Artifact message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {sara.v1.Artifact & sara.v1.Artifact.$Shape} Artifact
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): sara.v1.Artifact & sara.v1.Artifact.$Shape;
        }

        namespace Artifact {

            /** Properties of an Artifact. */
            interface $Properties {

                /** What it is: "adapter", "merged-model", "samples", "loss-curve", "report". */
                name?: (string|null);

                /** Where it is, as the writing process sees it. */
                path?: (string|null);

                /** IANA media type. */
                mediaType?: (string|null);

                /** Bytes written. */
                sizeBytes?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of an Artifact. */
            type $Shape = sara.v1.Artifact.$Properties;
        }

        /** LogLevel enum. */
        enum LogLevel {

            /** Never sent. */
            LOG_LEVEL_UNSPECIFIED = 0,

            /** LOG_LEVEL_INFO value */
            LOG_LEVEL_INFO = 1,

            /** LOG_LEVEL_WARN value */
            LOG_LEVEL_WARN = 2,

            /** LOG_LEVEL_ERROR value */
            LOG_LEVEL_ERROR = 3
        }

        /**
         * Properties of a LogLine.
         * @deprecated Use sara.v1.LogLine.$Properties instead.
         */
        interface ILogLine extends sara.v1.LogLine.$Properties {
        }

        /** Represents a LogLine. */
        class LogLine {

            /**
             * Constructs a new LogLine.
             * @param [properties] Properties to set
             */
            constructor(properties?: sara.v1.LogLine.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** How much it matters. */
            level: sara.v1.LogLevel;

            /** The line, for people. */
            message: string;

            /** Worker it came from; empty: the coordinator. */
            worker: string;

            /**
             * Creates a new LogLine instance using the specified properties.
             * @param [properties] Properties to set
             * @returns LogLine instance
             */
            static create(properties: sara.v1.LogLine.$Shape): sara.v1.LogLine & sara.v1.LogLine.$Shape;
            static create(properties?: sara.v1.LogLine.$Properties): sara.v1.LogLine;

            /**
             * Encodes the specified LogLine message. Does not implicitly {@link sara.v1.LogLine.verify|verify} messages.
             * @param message LogLine message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: sara.v1.LogLine.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a LogLine message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {sara.v1.LogLine & sara.v1.LogLine.$Shape} LogLine
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): sara.v1.LogLine & sara.v1.LogLine.$Shape;
        }

        namespace LogLine {

            /** Properties of a LogLine. */
            interface $Properties {

                /** How much it matters. */
                level?: (sara.v1.LogLevel|null);

                /** The line, for people. */
                message?: (string|null);

                /** Worker it came from; empty: the coordinator. */
                worker?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a LogLine. */
            type $Shape = sara.v1.LogLine.$Properties;
        }

        /**
         * Properties of a RunFailed.
         * @deprecated Use sara.v1.RunFailed.$Properties instead.
         */
        interface IRunFailed extends sara.v1.RunFailed.$Properties {
        }

        /** Represents a RunFailed. */
        class RunFailed {

            /**
             * Constructs a new RunFailed.
             * @param [properties] Properties to set
             */
            constructor(properties?: sara.v1.RunFailed.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** A code of shared/errors.ts. */
            code: string;

            /** What failed and what to do. */
            message: string;

            /** Worker it happened on; empty: the coordinator. */
            worker: string;

            /**
             * Creates a new RunFailed instance using the specified properties.
             * @param [properties] Properties to set
             * @returns RunFailed instance
             */
            static create(properties: sara.v1.RunFailed.$Shape): sara.v1.RunFailed & sara.v1.RunFailed.$Shape;
            static create(properties?: sara.v1.RunFailed.$Properties): sara.v1.RunFailed;

            /**
             * Encodes the specified RunFailed message. Does not implicitly {@link sara.v1.RunFailed.verify|verify} messages.
             * @param message RunFailed message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: sara.v1.RunFailed.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a RunFailed message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {sara.v1.RunFailed & sara.v1.RunFailed.$Shape} RunFailed
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): sara.v1.RunFailed & sara.v1.RunFailed.$Shape;
        }

        namespace RunFailed {

            /** Properties of a RunFailed. */
            interface $Properties {

                /** A code of shared/errors.ts. */
                code?: (string|null);

                /** What failed and what to do. */
                message?: (string|null);

                /** Worker it happened on; empty: the coordinator. */
                worker?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a RunFailed. */
            type $Shape = sara.v1.RunFailed.$Properties;
        }

        /**
         * Properties of a Plan.
         * @deprecated Use sara.v1.Plan.$Properties instead.
         */
        interface IPlan extends sara.v1.Plan.$Properties {
        }

        /** Represents a Plan. */
        class Plan {

            /**
             * Constructs a new Plan.
             * @param [properties] Properties to set
             */
            constructor(properties?: sara.v1.Plan.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Pipeline stages of one replica, from 1. */
            numStages: number;

            /** Pipelines that work on parts of the same global batch, from 1. */
            numReplicas: number;

            /** One entry per stage and replica, by replica, then stage. */
            stages: sara.v1.PlannedStage.$Properties[];

            /** The same as a table for people, lines separated by LF. */
            text: string;

            /**
             * Creates a new Plan instance using the specified properties.
             * @param [properties] Properties to set
             * @returns Plan instance
             */
            static create(properties: sara.v1.Plan.$Shape): sara.v1.Plan & sara.v1.Plan.$Shape;
            static create(properties?: sara.v1.Plan.$Properties): sara.v1.Plan;

            /**
             * Encodes the specified Plan message. Does not implicitly {@link sara.v1.Plan.verify|verify} messages.
             * @param message Plan message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: sara.v1.Plan.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Plan message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {sara.v1.Plan & sara.v1.Plan.$Shape} Plan
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): sara.v1.Plan & sara.v1.Plan.$Shape;
        }

        namespace Plan {

            /** Properties of a Plan. */
            interface $Properties {

                /** Pipeline stages of one replica, from 1. */
                numStages?: (number|null);

                /** Pipelines that work on parts of the same global batch, from 1. */
                numReplicas?: (number|null);

                /** One entry per stage and replica, by replica, then stage. */
                stages?: (sara.v1.PlannedStage.$Properties[]|null);

                /** The same as a table for people, lines separated by LF. */
                text?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Plan. */
            type $Shape = sara.v1.Plan.$Properties;
        }

        /**
         * Properties of a PlannedStage.
         * @deprecated Use sara.v1.PlannedStage.$Properties instead.
         */
        interface IPlannedStage extends sara.v1.PlannedStage.$Properties {
        }

        /** Represents a PlannedStage. */
        class PlannedStage {

            /**
             * Constructs a new PlannedStage.
             * @param [properties] Properties to set
             */
            constructor(properties?: sara.v1.PlannedStage.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Pipeline position, from 0. */
            stage: number;

            /** Replica, from 0. */
            replica: number;

            /** Name of the worker that holds it; empty while the plan is not placed. */
            worker: string;

            /**
             * Names of the UNet blocks in execution order. Folded: an encoder block and its decoder twin are together,
             * so the blocks of one stage need not be adjacent.
             */
            blocks: string[];

            /** Bytes of the frozen weights of these blocks as the engine holds them. */
            parameterBytes: number;

            /** Peak bytes of activations for the micro-batches in flight. */
            activationBytes: number;

            /** Floating-point operations of one micro-batch, forward and backward. */
            flops: number;

            /** Estimated time of one micro-batch, forward and backward, in seconds. */
            seconds: number;

            /**
             * Creates a new PlannedStage instance using the specified properties.
             * @param [properties] Properties to set
             * @returns PlannedStage instance
             */
            static create(properties: sara.v1.PlannedStage.$Shape): sara.v1.PlannedStage & sara.v1.PlannedStage.$Shape;
            static create(properties?: sara.v1.PlannedStage.$Properties): sara.v1.PlannedStage;

            /**
             * Encodes the specified PlannedStage message. Does not implicitly {@link sara.v1.PlannedStage.verify|verify} messages.
             * @param message PlannedStage message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: sara.v1.PlannedStage.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a PlannedStage message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {sara.v1.PlannedStage & sara.v1.PlannedStage.$Shape} PlannedStage
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): sara.v1.PlannedStage & sara.v1.PlannedStage.$Shape;
        }

        namespace PlannedStage {

            /** Properties of a PlannedStage. */
            interface $Properties {

                /** Pipeline position, from 0. */
                stage?: (number|null);

                /** Replica, from 0. */
                replica?: (number|null);

                /** Name of the worker that holds it; empty while the plan is not placed. */
                worker?: (string|null);

                /**
                 * Names of the UNet blocks in execution order. Folded: an encoder block and its decoder twin are together,
                 * so the blocks of one stage need not be adjacent.
                 */
                blocks?: (string[]|null);

                /** Bytes of the frozen weights of these blocks as the engine holds them. */
                parameterBytes?: (number|null);

                /** Peak bytes of activations for the micro-batches in flight. */
                activationBytes?: (number|null);

                /** Floating-point operations of one micro-batch, forward and backward. */
                flops?: (number|null);

                /** Estimated time of one micro-batch, forward and backward, in seconds. */
                seconds?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a PlannedStage. */
            type $Shape = sara.v1.PlannedStage.$Properties;
        }

        /**
         * Properties of a SubmitRunRequest.
         * @deprecated Use sara.v1.SubmitRunRequest.$Properties instead.
         */
        interface ISubmitRunRequest extends sara.v1.SubmitRunRequest.$Properties {
        }

        /** Represents a SubmitRunRequest. */
        class SubmitRunRequest {

            /**
             * Constructs a new SubmitRunRequest.
             * @param [properties] Properties to set
             */
            constructor(properties?: sara.v1.SubmitRunRequest.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** The whole run configuration as UTF-8 JSON, fields as documented in shared/config. Set by the client. */
            configJson: Uint8Array;

            /** Absolute folder against which the configuration's relative paths are resolved. Set by the client. */
            baseDirectory: string;

            /** Of the runs that wait, the one with the highest is next, [-1000, 1000]. Set by the client. */
            priority: number;

            /**
             * Creates a new SubmitRunRequest instance using the specified properties.
             * @param [properties] Properties to set
             * @returns SubmitRunRequest instance
             */
            static create(properties: sara.v1.SubmitRunRequest.$Shape): sara.v1.SubmitRunRequest & sara.v1.SubmitRunRequest.$Shape;
            static create(properties?: sara.v1.SubmitRunRequest.$Properties): sara.v1.SubmitRunRequest;

            /**
             * Encodes the specified SubmitRunRequest message. Does not implicitly {@link sara.v1.SubmitRunRequest.verify|verify} messages.
             * @param message SubmitRunRequest message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: sara.v1.SubmitRunRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a SubmitRunRequest message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {sara.v1.SubmitRunRequest & sara.v1.SubmitRunRequest.$Shape} SubmitRunRequest
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): sara.v1.SubmitRunRequest & sara.v1.SubmitRunRequest.$Shape;
        }

        namespace SubmitRunRequest {

            /** Properties of a SubmitRunRequest. */
            interface $Properties {

                /** The whole run configuration as UTF-8 JSON, fields as documented in shared/config. Set by the client. */
                configJson?: (Uint8Array|null);

                /** Absolute folder against which the configuration's relative paths are resolved. Set by the client. */
                baseDirectory?: (string|null);

                /** Of the runs that wait, the one with the highest is next, [-1000, 1000]. Set by the client. */
                priority?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a SubmitRunRequest. */
            type $Shape = sara.v1.SubmitRunRequest.$Properties;
        }

        /**
         * Properties of a SubmitRunReply.
         * @deprecated Use sara.v1.SubmitRunReply.$Properties instead.
         */
        interface ISubmitRunReply extends sara.v1.SubmitRunReply.$Properties {
        }

        /** Represents a SubmitRunReply. */
        class SubmitRunReply {

            /**
             * Constructs a new SubmitRunReply.
             * @param [properties] Properties to set
             */
            constructor(properties?: sara.v1.SubmitRunReply.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Name of the new run, chosen by the coordinator. */
            run: string;

            /**
             * Creates a new SubmitRunReply instance using the specified properties.
             * @param [properties] Properties to set
             * @returns SubmitRunReply instance
             */
            static create(properties: sara.v1.SubmitRunReply.$Shape): sara.v1.SubmitRunReply & sara.v1.SubmitRunReply.$Shape;
            static create(properties?: sara.v1.SubmitRunReply.$Properties): sara.v1.SubmitRunReply;

            /**
             * Encodes the specified SubmitRunReply message. Does not implicitly {@link sara.v1.SubmitRunReply.verify|verify} messages.
             * @param message SubmitRunReply message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: sara.v1.SubmitRunReply.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a SubmitRunReply message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {sara.v1.SubmitRunReply & sara.v1.SubmitRunReply.$Shape} SubmitRunReply
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): sara.v1.SubmitRunReply & sara.v1.SubmitRunReply.$Shape;
        }

        namespace SubmitRunReply {

            /** Properties of a SubmitRunReply. */
            interface $Properties {

                /** Name of the new run, chosen by the coordinator. */
                run?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a SubmitRunReply. */
            type $Shape = sara.v1.SubmitRunReply.$Properties;
        }

        /**
         * Properties of a GetRunRequest.
         * @deprecated Use sara.v1.GetRunRequest.$Properties instead.
         */
        interface IGetRunRequest extends sara.v1.GetRunRequest.$Properties {
        }

        /** Represents a GetRunRequest. */
        class GetRunRequest {

            /**
             * Constructs a new GetRunRequest.
             * @param [properties] Properties to set
             */
            constructor(properties?: sara.v1.GetRunRequest.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Name of the run. */
            run: string;

            /**
             * Creates a new GetRunRequest instance using the specified properties.
             * @param [properties] Properties to set
             * @returns GetRunRequest instance
             */
            static create(properties: sara.v1.GetRunRequest.$Shape): sara.v1.GetRunRequest & sara.v1.GetRunRequest.$Shape;
            static create(properties?: sara.v1.GetRunRequest.$Properties): sara.v1.GetRunRequest;

            /**
             * Encodes the specified GetRunRequest message. Does not implicitly {@link sara.v1.GetRunRequest.verify|verify} messages.
             * @param message GetRunRequest message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: sara.v1.GetRunRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a GetRunRequest message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {sara.v1.GetRunRequest & sara.v1.GetRunRequest.$Shape} GetRunRequest
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): sara.v1.GetRunRequest & sara.v1.GetRunRequest.$Shape;
        }

        namespace GetRunRequest {

            /** Properties of a GetRunRequest. */
            interface $Properties {

                /** Name of the run. */
                run?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a GetRunRequest. */
            type $Shape = sara.v1.GetRunRequest.$Properties;
        }

        /**
         * Properties of a ListRunsRequest.
         * @deprecated Use sara.v1.ListRunsRequest.$Properties instead.
         */
        interface IListRunsRequest extends sara.v1.ListRunsRequest.$Properties {
        }

        /** Represents a ListRunsRequest. */
        class ListRunsRequest {

            /**
             * Constructs a new ListRunsRequest.
             * @param [properties] Properties to set
             */
            constructor(properties?: sara.v1.ListRunsRequest.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /**
             * Creates a new ListRunsRequest instance using the specified properties.
             * @param [properties] Properties to set
             * @returns ListRunsRequest instance
             */
            static create(properties: sara.v1.ListRunsRequest.$Shape): sara.v1.ListRunsRequest & sara.v1.ListRunsRequest.$Shape;
            static create(properties?: sara.v1.ListRunsRequest.$Properties): sara.v1.ListRunsRequest;

            /**
             * Encodes the specified ListRunsRequest message. Does not implicitly {@link sara.v1.ListRunsRequest.verify|verify} messages.
             * @param message ListRunsRequest message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: sara.v1.ListRunsRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a ListRunsRequest message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {sara.v1.ListRunsRequest & sara.v1.ListRunsRequest.$Shape} ListRunsRequest
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): sara.v1.ListRunsRequest & sara.v1.ListRunsRequest.$Shape;
        }

        namespace ListRunsRequest {

            /** Properties of a ListRunsRequest. */
            interface $Properties {

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a ListRunsRequest. */
            type $Shape = sara.v1.ListRunsRequest.$Properties;
        }

        /**
         * Properties of a ListRunsReply.
         * @deprecated Use sara.v1.ListRunsReply.$Properties instead.
         */
        interface IListRunsReply extends sara.v1.ListRunsReply.$Properties {
        }

        /** Represents a ListRunsReply. */
        class ListRunsReply {

            /**
             * Constructs a new ListRunsReply.
             * @param [properties] Properties to set
             */
            constructor(properties?: sara.v1.ListRunsReply.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Runs, the newest first. */
            runs: sara.v1.RunSummary.$Properties[];

            /**
             * Creates a new ListRunsReply instance using the specified properties.
             * @param [properties] Properties to set
             * @returns ListRunsReply instance
             */
            static create(properties: sara.v1.ListRunsReply.$Shape): sara.v1.ListRunsReply & sara.v1.ListRunsReply.$Shape;
            static create(properties?: sara.v1.ListRunsReply.$Properties): sara.v1.ListRunsReply;

            /**
             * Encodes the specified ListRunsReply message. Does not implicitly {@link sara.v1.ListRunsReply.verify|verify} messages.
             * @param message ListRunsReply message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: sara.v1.ListRunsReply.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a ListRunsReply message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {sara.v1.ListRunsReply & sara.v1.ListRunsReply.$Shape} ListRunsReply
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): sara.v1.ListRunsReply & sara.v1.ListRunsReply.$Shape;
        }

        namespace ListRunsReply {

            /** Properties of a ListRunsReply. */
            interface $Properties {

                /** Runs, the newest first. */
                runs?: (sara.v1.RunSummary.$Properties[]|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a ListRunsReply. */
            type $Shape = sara.v1.ListRunsReply.$Properties;
        }

        /**
         * Properties of a CancelRunRequest.
         * @deprecated Use sara.v1.CancelRunRequest.$Properties instead.
         */
        interface ICancelRunRequest extends sara.v1.CancelRunRequest.$Properties {
        }

        /** Represents a CancelRunRequest. */
        class CancelRunRequest {

            /**
             * Constructs a new CancelRunRequest.
             * @param [properties] Properties to set
             */
            constructor(properties?: sara.v1.CancelRunRequest.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Name of the run. */
            run: string;

            /** Why, for the run's history; may be empty. */
            reason: string;

            /**
             * Creates a new CancelRunRequest instance using the specified properties.
             * @param [properties] Properties to set
             * @returns CancelRunRequest instance
             */
            static create(properties: sara.v1.CancelRunRequest.$Shape): sara.v1.CancelRunRequest & sara.v1.CancelRunRequest.$Shape;
            static create(properties?: sara.v1.CancelRunRequest.$Properties): sara.v1.CancelRunRequest;

            /**
             * Encodes the specified CancelRunRequest message. Does not implicitly {@link sara.v1.CancelRunRequest.verify|verify} messages.
             * @param message CancelRunRequest message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: sara.v1.CancelRunRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a CancelRunRequest message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {sara.v1.CancelRunRequest & sara.v1.CancelRunRequest.$Shape} CancelRunRequest
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): sara.v1.CancelRunRequest & sara.v1.CancelRunRequest.$Shape;
        }

        namespace CancelRunRequest {

            /** Properties of a CancelRunRequest. */
            interface $Properties {

                /** Name of the run. */
                run?: (string|null);

                /** Why, for the run's history; may be empty. */
                reason?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a CancelRunRequest. */
            type $Shape = sara.v1.CancelRunRequest.$Properties;
        }

        /**
         * Properties of a ResumeRunRequest.
         * @deprecated Use sara.v1.ResumeRunRequest.$Properties instead.
         */
        interface IResumeRunRequest extends sara.v1.ResumeRunRequest.$Properties {
        }

        /** Represents a ResumeRunRequest. */
        class ResumeRunRequest {

            /**
             * Constructs a new ResumeRunRequest.
             * @param [properties] Properties to set
             */
            constructor(properties?: sara.v1.ResumeRunRequest.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Name of the run. */
            run: string;

            /** Fields of its configuration to set otherwise, "path=value" each. Set by the client. */
            set: string[];

            /**
             * Creates a new ResumeRunRequest instance using the specified properties.
             * @param [properties] Properties to set
             * @returns ResumeRunRequest instance
             */
            static create(properties: sara.v1.ResumeRunRequest.$Shape): sara.v1.ResumeRunRequest & sara.v1.ResumeRunRequest.$Shape;
            static create(properties?: sara.v1.ResumeRunRequest.$Properties): sara.v1.ResumeRunRequest;

            /**
             * Encodes the specified ResumeRunRequest message. Does not implicitly {@link sara.v1.ResumeRunRequest.verify|verify} messages.
             * @param message ResumeRunRequest message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: sara.v1.ResumeRunRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a ResumeRunRequest message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {sara.v1.ResumeRunRequest & sara.v1.ResumeRunRequest.$Shape} ResumeRunRequest
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): sara.v1.ResumeRunRequest & sara.v1.ResumeRunRequest.$Shape;
        }

        namespace ResumeRunRequest {

            /** Properties of a ResumeRunRequest. */
            interface $Properties {

                /** Name of the run. */
                run?: (string|null);

                /** Fields of its configuration to set otherwise, "path=value" each. Set by the client. */
                set?: (string[]|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a ResumeRunRequest. */
            type $Shape = sara.v1.ResumeRunRequest.$Properties;
        }

        /**
         * Properties of a WatchRunRequest.
         * @deprecated Use sara.v1.WatchRunRequest.$Properties instead.
         */
        interface IWatchRunRequest extends sara.v1.WatchRunRequest.$Properties {
        }

        /** Represents a WatchRunRequest. */
        class WatchRunRequest {

            /**
             * Constructs a new WatchRunRequest.
             * @param [properties] Properties to set
             */
            constructor(properties?: sara.v1.WatchRunRequest.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Name of the run. */
            run: string;

            /** First event wanted, from 1; 0 means from the beginning. */
            fromSequence: number;

            /** Whether to end with what has happened so far, instead of waiting for more. Set by the client. */
            historyOnly: boolean;

            /**
             * Creates a new WatchRunRequest instance using the specified properties.
             * @param [properties] Properties to set
             * @returns WatchRunRequest instance
             */
            static create(properties: sara.v1.WatchRunRequest.$Shape): sara.v1.WatchRunRequest & sara.v1.WatchRunRequest.$Shape;
            static create(properties?: sara.v1.WatchRunRequest.$Properties): sara.v1.WatchRunRequest;

            /**
             * Encodes the specified WatchRunRequest message. Does not implicitly {@link sara.v1.WatchRunRequest.verify|verify} messages.
             * @param message WatchRunRequest message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: sara.v1.WatchRunRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a WatchRunRequest message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {sara.v1.WatchRunRequest & sara.v1.WatchRunRequest.$Shape} WatchRunRequest
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): sara.v1.WatchRunRequest & sara.v1.WatchRunRequest.$Shape;
        }

        namespace WatchRunRequest {

            /** Properties of a WatchRunRequest. */
            interface $Properties {

                /** Name of the run. */
                run?: (string|null);

                /** First event wanted, from 1; 0 means from the beginning. */
                fromSequence?: (number|null);

                /** Whether to end with what has happened so far, instead of waiting for more. Set by the client. */
                historyOnly?: (boolean|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a WatchRunRequest. */
            type $Shape = sara.v1.WatchRunRequest.$Properties;
        }

        /**
         * Properties of a RunSummary.
         * @deprecated Use sara.v1.RunSummary.$Properties instead.
         */
        interface IRunSummary extends sara.v1.RunSummary.$Properties {
        }

        /** Represents a RunSummary. */
        class RunSummary {

            /**
             * Constructs a new RunSummary.
             * @param [properties] Properties to set
             */
            constructor(properties?: sara.v1.RunSummary.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Name of the run. */
            run: string;

            /** Name its author gave it. */
            name: string;

            /** State the run is in now. */
            state: sara.v1.RunState;

            /** Steps committed. */
            step: number;

            /** Steps the configuration asks for. */
            totalSteps: number;

            /** Generation of the worker group, from 1; 0 before there is one. */
            generation: number;

            /** Loss of the last committed step; absent before the first. */
            loss?: (number|null);

            /** Submitted at, in milliseconds since 1970-01-01 UTC. */
            createdAtMs: number;

            /** Last change at, in milliseconds since 1970-01-01 UTC. */
            updatedAtMs: number;

            /** Present when the state is RUN_STATE_FAILED. */
            failure?: (sara.v1.RunFailed.$Properties|null);

            /** Of the runs that wait, the one with the highest is next. */
            priority: number;

            /**
             * Creates a new RunSummary instance using the specified properties.
             * @param [properties] Properties to set
             * @returns RunSummary instance
             */
            static create(properties: sara.v1.RunSummary.$Shape): sara.v1.RunSummary & sara.v1.RunSummary.$Shape;
            static create(properties?: sara.v1.RunSummary.$Properties): sara.v1.RunSummary;

            /**
             * Encodes the specified RunSummary message. Does not implicitly {@link sara.v1.RunSummary.verify|verify} messages.
             * @param message RunSummary message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: sara.v1.RunSummary.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a RunSummary message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {sara.v1.RunSummary & sara.v1.RunSummary.$Shape} RunSummary
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): sara.v1.RunSummary & sara.v1.RunSummary.$Shape;
        }

        namespace RunSummary {

            /** Properties of a RunSummary. */
            interface $Properties {

                /** Name of the run. */
                run?: (string|null);

                /** Name its author gave it. */
                name?: (string|null);

                /** State the run is in now. */
                state?: (sara.v1.RunState|null);

                /** Steps committed. */
                step?: (number|null);

                /** Steps the configuration asks for. */
                totalSteps?: (number|null);

                /** Generation of the worker group, from 1; 0 before there is one. */
                generation?: (number|null);

                /** Loss of the last committed step; absent before the first. */
                loss?: (number|null);

                /** Submitted at, in milliseconds since 1970-01-01 UTC. */
                createdAtMs?: (number|null);

                /** Last change at, in milliseconds since 1970-01-01 UTC. */
                updatedAtMs?: (number|null);

                /** Present when the state is RUN_STATE_FAILED. */
                failure?: (sara.v1.RunFailed.$Properties|null);

                /** Of the runs that wait, the one with the highest is next. */
                priority?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a RunSummary. */
            type $Shape = sara.v1.RunSummary.$Properties;
        }

        /**
         * Properties of a ListWorkersRequest.
         * @deprecated Use sara.v1.ListWorkersRequest.$Properties instead.
         */
        interface IListWorkersRequest extends sara.v1.ListWorkersRequest.$Properties {
        }

        /** Represents a ListWorkersRequest. */
        class ListWorkersRequest {

            /**
             * Constructs a new ListWorkersRequest.
             * @param [properties] Properties to set
             */
            constructor(properties?: sara.v1.ListWorkersRequest.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /**
             * Creates a new ListWorkersRequest instance using the specified properties.
             * @param [properties] Properties to set
             * @returns ListWorkersRequest instance
             */
            static create(properties: sara.v1.ListWorkersRequest.$Shape): sara.v1.ListWorkersRequest & sara.v1.ListWorkersRequest.$Shape;
            static create(properties?: sara.v1.ListWorkersRequest.$Properties): sara.v1.ListWorkersRequest;

            /**
             * Encodes the specified ListWorkersRequest message. Does not implicitly {@link sara.v1.ListWorkersRequest.verify|verify} messages.
             * @param message ListWorkersRequest message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: sara.v1.ListWorkersRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a ListWorkersRequest message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {sara.v1.ListWorkersRequest & sara.v1.ListWorkersRequest.$Shape} ListWorkersRequest
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): sara.v1.ListWorkersRequest & sara.v1.ListWorkersRequest.$Shape;
        }

        namespace ListWorkersRequest {

            /** Properties of a ListWorkersRequest. */
            interface $Properties {

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a ListWorkersRequest. */
            type $Shape = sara.v1.ListWorkersRequest.$Properties;
        }

        /**
         * Properties of a ListWorkersReply.
         * @deprecated Use sara.v1.ListWorkersReply.$Properties instead.
         */
        interface IListWorkersReply extends sara.v1.ListWorkersReply.$Properties {
        }

        /** Represents a ListWorkersReply. */
        class ListWorkersReply {

            /**
             * Constructs a new ListWorkersReply.
             * @param [properties] Properties to set
             */
            constructor(properties?: sara.v1.ListWorkersReply.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Ordered by name. */
            workers: sara.v1.WorkerSummary.$Properties[];

            /**
             * Creates a new ListWorkersReply instance using the specified properties.
             * @param [properties] Properties to set
             * @returns ListWorkersReply instance
             */
            static create(properties: sara.v1.ListWorkersReply.$Shape): sara.v1.ListWorkersReply & sara.v1.ListWorkersReply.$Shape;
            static create(properties?: sara.v1.ListWorkersReply.$Properties): sara.v1.ListWorkersReply;

            /**
             * Encodes the specified ListWorkersReply message. Does not implicitly {@link sara.v1.ListWorkersReply.verify|verify} messages.
             * @param message ListWorkersReply message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: sara.v1.ListWorkersReply.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a ListWorkersReply message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {sara.v1.ListWorkersReply & sara.v1.ListWorkersReply.$Shape} ListWorkersReply
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): sara.v1.ListWorkersReply & sara.v1.ListWorkersReply.$Shape;
        }

        namespace ListWorkersReply {

            /** Properties of a ListWorkersReply. */
            interface $Properties {

                /** Ordered by name. */
                workers?: (sara.v1.WorkerSummary.$Properties[]|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a ListWorkersReply. */
            type $Shape = sara.v1.ListWorkersReply.$Properties;
        }

        /** WorkerState enum. */
        enum WorkerState {

            /** Never sent. */
            WORKER_STATE_UNSPECIFIED = 0,

            /** Holds no actors. */
            WORKER_STATE_IDLE = 1,

            /** Holds actors of a run. */
            WORKER_STATE_BUSY = 2,

            /** Takes no new actors and leaves when its present ones are gone. */
            WORKER_STATE_DRAINING = 3,

            /** Its lease has ended. */
            WORKER_STATE_LOST = 4
        }

        /**
         * Properties of a WorkerSummary.
         * @deprecated Use sara.v1.WorkerSummary.$Properties instead.
         */
        interface IWorkerSummary extends sara.v1.WorkerSummary.$Properties {
        }

        /** Represents a WorkerSummary. */
        class WorkerSummary {

            /**
             * Constructs a new WorkerSummary.
             * @param [properties] Properties to set
             */
            constructor(properties?: sara.v1.WorkerSummary.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Name of the worker. */
            name: string;

            /** host:port of its actor host. */
            address: string;

            /** State the worker is in now. */
            state: sara.v1.WorkerState;

            /** What it computes on: "cpu", or the name of the GPU. */
            device: string;

            /** Memory that actors may use, in bytes. */
            memoryBytes: number;

            /** Memory reserved by actors, in bytes. */
            memoryUsedBytes: number;

            /** Run its actors belong to; empty when idle. */
            run: string;

            /** Time since its lease was last renewed, in milliseconds. */
            leaseAgeMs: number;

            /** Version of its software. */
            version: string;

            /**
             * Creates a new WorkerSummary instance using the specified properties.
             * @param [properties] Properties to set
             * @returns WorkerSummary instance
             */
            static create(properties: sara.v1.WorkerSummary.$Shape): sara.v1.WorkerSummary & sara.v1.WorkerSummary.$Shape;
            static create(properties?: sara.v1.WorkerSummary.$Properties): sara.v1.WorkerSummary;

            /**
             * Encodes the specified WorkerSummary message. Does not implicitly {@link sara.v1.WorkerSummary.verify|verify} messages.
             * @param message WorkerSummary message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: sara.v1.WorkerSummary.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a WorkerSummary message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {sara.v1.WorkerSummary & sara.v1.WorkerSummary.$Shape} WorkerSummary
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): sara.v1.WorkerSummary & sara.v1.WorkerSummary.$Shape;
        }

        namespace WorkerSummary {

            /** Properties of a WorkerSummary. */
            interface $Properties {

                /** Name of the worker. */
                name?: (string|null);

                /** host:port of its actor host. */
                address?: (string|null);

                /** State the worker is in now. */
                state?: (sara.v1.WorkerState|null);

                /** What it computes on: "cpu", or the name of the GPU. */
                device?: (string|null);

                /** Memory that actors may use, in bytes. */
                memoryBytes?: (number|null);

                /** Memory reserved by actors, in bytes. */
                memoryUsedBytes?: (number|null);

                /** Run its actors belong to; empty when idle. */
                run?: (string|null);

                /** Time since its lease was last renewed, in milliseconds. */
                leaseAgeMs?: (number|null);

                /** Version of its software. */
                version?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a WorkerSummary. */
            type $Shape = sara.v1.WorkerSummary.$Properties;
        }

        /**
         * Properties of a DrainWorkerRequest.
         * @deprecated Use sara.v1.DrainWorkerRequest.$Properties instead.
         */
        interface IDrainWorkerRequest extends sara.v1.DrainWorkerRequest.$Properties {
        }

        /** Represents a DrainWorkerRequest. */
        class DrainWorkerRequest {

            /**
             * Constructs a new DrainWorkerRequest.
             * @param [properties] Properties to set
             */
            constructor(properties?: sara.v1.DrainWorkerRequest.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Name of the worker. */
            worker: string;

            /**
             * Creates a new DrainWorkerRequest instance using the specified properties.
             * @param [properties] Properties to set
             * @returns DrainWorkerRequest instance
             */
            static create(properties: sara.v1.DrainWorkerRequest.$Shape): sara.v1.DrainWorkerRequest & sara.v1.DrainWorkerRequest.$Shape;
            static create(properties?: sara.v1.DrainWorkerRequest.$Properties): sara.v1.DrainWorkerRequest;

            /**
             * Encodes the specified DrainWorkerRequest message. Does not implicitly {@link sara.v1.DrainWorkerRequest.verify|verify} messages.
             * @param message DrainWorkerRequest message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: sara.v1.DrainWorkerRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a DrainWorkerRequest message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {sara.v1.DrainWorkerRequest & sara.v1.DrainWorkerRequest.$Shape} DrainWorkerRequest
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): sara.v1.DrainWorkerRequest & sara.v1.DrainWorkerRequest.$Shape;
        }

        namespace DrainWorkerRequest {

            /** Properties of a DrainWorkerRequest. */
            interface $Properties {

                /** Name of the worker. */
                worker?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a DrainWorkerRequest. */
            type $Shape = sara.v1.DrainWorkerRequest.$Properties;
        }

        /**
         * Properties of a PlanRunRequest.
         * @deprecated Use sara.v1.PlanRunRequest.$Properties instead.
         */
        interface IPlanRunRequest extends sara.v1.PlanRunRequest.$Properties {
        }

        /** Represents a PlanRunRequest. */
        class PlanRunRequest {

            /**
             * Constructs a new PlanRunRequest.
             * @param [properties] Properties to set
             */
            constructor(properties?: sara.v1.PlanRunRequest.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** As in SubmitRunRequest. */
            configJson: Uint8Array;

            /** As in SubmitRunRequest. */
            baseDirectory: string;

            /**
             * Creates a new PlanRunRequest instance using the specified properties.
             * @param [properties] Properties to set
             * @returns PlanRunRequest instance
             */
            static create(properties: sara.v1.PlanRunRequest.$Shape): sara.v1.PlanRunRequest & sara.v1.PlanRunRequest.$Shape;
            static create(properties?: sara.v1.PlanRunRequest.$Properties): sara.v1.PlanRunRequest;

            /**
             * Encodes the specified PlanRunRequest message. Does not implicitly {@link sara.v1.PlanRunRequest.verify|verify} messages.
             * @param message PlanRunRequest message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: sara.v1.PlanRunRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a PlanRunRequest message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {sara.v1.PlanRunRequest & sara.v1.PlanRunRequest.$Shape} PlanRunRequest
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): sara.v1.PlanRunRequest & sara.v1.PlanRunRequest.$Shape;
        }

        namespace PlanRunRequest {

            /** Properties of a PlanRunRequest. */
            interface $Properties {

                /** As in SubmitRunRequest. */
                configJson?: (Uint8Array|null);

                /** As in SubmitRunRequest. */
                baseDirectory?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a PlanRunRequest. */
            type $Shape = sara.v1.PlanRunRequest.$Properties;
        }

        /**
         * Properties of a PullTensorsRequest.
         * @deprecated Use sara.v1.PullTensorsRequest.$Properties instead.
         */
        interface IPullTensorsRequest extends sara.v1.PullTensorsRequest.$Properties {
        }

        /** Represents a PullTensorsRequest. */
        class PullTensorsRequest {

            /**
             * Constructs a new PullTensorsRequest.
             * @param [properties] Properties to set
             */
            constructor(properties?: sara.v1.PullTensorsRequest.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Object to pull, as named by the ObjectRef. */
            objectId: string;

            /**
             * Creates a new PullTensorsRequest instance using the specified properties.
             * @param [properties] Properties to set
             * @returns PullTensorsRequest instance
             */
            static create(properties: sara.v1.PullTensorsRequest.$Shape): sara.v1.PullTensorsRequest & sara.v1.PullTensorsRequest.$Shape;
            static create(properties?: sara.v1.PullTensorsRequest.$Properties): sara.v1.PullTensorsRequest;

            /**
             * Encodes the specified PullTensorsRequest message. Does not implicitly {@link sara.v1.PullTensorsRequest.verify|verify} messages.
             * @param message PullTensorsRequest message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: sara.v1.PullTensorsRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a PullTensorsRequest message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {sara.v1.PullTensorsRequest & sara.v1.PullTensorsRequest.$Shape} PullTensorsRequest
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): sara.v1.PullTensorsRequest & sara.v1.PullTensorsRequest.$Shape;
        }

        namespace PullTensorsRequest {

            /** Properties of a PullTensorsRequest. */
            interface $Properties {

                /** Object to pull, as named by the ObjectRef. */
                objectId?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a PullTensorsRequest. */
            type $Shape = sara.v1.PullTensorsRequest.$Properties;
        }

        /**
         * Properties of a TensorChunk.
         * @deprecated Use sara.v1.TensorChunk.$Properties instead.
         */
        interface ITensorChunk extends sara.v1.TensorChunk.$Properties {
        }

        /** Represents a TensorChunk. */
        class TensorChunk {

            /**
             * Constructs a new TensorChunk.
             * @param [properties] Properties to set
             */
            constructor(properties?: sara.v1.TensorChunk.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** What the payload is a part of. */
            header?: (sara.v1.FrameHeader.$Properties|null);

            /** Raw little-endian bytes [offset, offset + length) of the tensor, row-major; at most 1 MiB. */
            payload: Uint8Array;

            /**
             * Creates a new TensorChunk instance using the specified properties.
             * @param [properties] Properties to set
             * @returns TensorChunk instance
             */
            static create(properties: sara.v1.TensorChunk.$Shape): sara.v1.TensorChunk & sara.v1.TensorChunk.$Shape;
            static create(properties?: sara.v1.TensorChunk.$Properties): sara.v1.TensorChunk;

            /**
             * Encodes the specified TensorChunk message. Does not implicitly {@link sara.v1.TensorChunk.verify|verify} messages.
             * @param message TensorChunk message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: sara.v1.TensorChunk.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a TensorChunk message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {sara.v1.TensorChunk & sara.v1.TensorChunk.$Shape} TensorChunk
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): sara.v1.TensorChunk & sara.v1.TensorChunk.$Shape;
        }

        namespace TensorChunk {

            /** Properties of a TensorChunk. */
            interface $Properties {

                /** What the payload is a part of. */
                header?: (sara.v1.FrameHeader.$Properties|null);

                /** Raw little-endian bytes [offset, offset + length) of the tensor, row-major; at most 1 MiB. */
                payload?: (Uint8Array|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a TensorChunk. */
            type $Shape = sara.v1.TensorChunk.$Properties;
        }

        /** DType enum. */
        enum DType {

            /** Never sent; a frame that says so is refused. */
            DTYPE_UNSPECIFIED = 0,

            /** DTYPE_FLOAT32 value */
            DTYPE_FLOAT32 = 1,

            /** DTYPE_FLOAT16 value */
            DTYPE_FLOAT16 = 2,

            /** DTYPE_BFLOAT16 value */
            DTYPE_BFLOAT16 = 3,

            /** DTYPE_INT32 value */
            DTYPE_INT32 = 4,

            /** DTYPE_INT64 value */
            DTYPE_INT64 = 5,

            /** DTYPE_UINT32 value */
            DTYPE_UINT32 = 6,

            /** DTYPE_UINT8 value */
            DTYPE_UINT8 = 7,

            /** One byte each, 0 or 1. */
            DTYPE_BOOL = 8
        }

        /**
         * Properties of a FrameHeader.
         * @deprecated Use sara.v1.FrameHeader.$Properties instead.
         */
        interface IFrameHeader extends sara.v1.FrameHeader.$Properties {
        }

        /**
         * Set by the worker that holds the object. Shapes travel with every chunk, so that a receiver needs no
         * knowledge of the sender's plan.
         */
        class FrameHeader {

            /**
             * Constructs a new FrameHeader.
             * @param [properties] Properties to set
             */
            constructor(properties?: sara.v1.FrameHeader.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Run the object belongs to. */
            run: string;

            /** Generation of the call that made the object, from 1. */
            generation: number;

            /** Training step it belongs to, from 0; 0 when the object belongs to none. */
            step: number;

            /** Micro-batch of the step, from 0; 0 when the object belongs to none. */
            microBatch: number;

            /** Name of the tensor within the object, 1 to 512 characters. */
            tensor: string;

            /** Element type. */
            dtype: sara.v1.DType;

            /** Dimensions, outermost first, at most 8, each below 2^31. Empty: a scalar. */
            shape: number[];

            /** First byte of the payload within the tensor, in bytes. */
            offset: number;

            /** Bytes of the whole tensor. Equals the product of shape times the size of dtype. */
            total: number;

            /** CRC-32C (Castagnoli) of the payload. */
            crc32c: number;

            /** Tensors of this object in all, 1 to 65,536, so that a receiver knows when it has every one. */
            numTensors: number;

            /**
             * Creates a new FrameHeader instance using the specified properties.
             * @param [properties] Properties to set
             * @returns FrameHeader instance
             */
            static create(properties: sara.v1.FrameHeader.$Shape): sara.v1.FrameHeader & sara.v1.FrameHeader.$Shape;
            static create(properties?: sara.v1.FrameHeader.$Properties): sara.v1.FrameHeader;

            /**
             * Encodes the specified FrameHeader message. Does not implicitly {@link sara.v1.FrameHeader.verify|verify} messages.
             * @param message FrameHeader message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: sara.v1.FrameHeader.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a FrameHeader message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {sara.v1.FrameHeader & sara.v1.FrameHeader.$Shape} FrameHeader
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): sara.v1.FrameHeader & sara.v1.FrameHeader.$Shape;
        }

        namespace FrameHeader {

            /** Properties of a FrameHeader. */
            interface $Properties {

                /** Run the object belongs to. */
                run?: (string|null);

                /** Generation of the call that made the object, from 1. */
                generation?: (number|null);

                /** Training step it belongs to, from 0; 0 when the object belongs to none. */
                step?: (number|null);

                /** Micro-batch of the step, from 0; 0 when the object belongs to none. */
                microBatch?: (number|null);

                /** Name of the tensor within the object, 1 to 512 characters. */
                tensor?: (string|null);

                /** Element type. */
                dtype?: (sara.v1.DType|null);

                /** Dimensions, outermost first, at most 8, each below 2^31. Empty: a scalar. */
                shape?: (number[]|null);

                /** First byte of the payload within the tensor, in bytes. */
                offset?: (number|null);

                /** Bytes of the whole tensor. Equals the product of shape times the size of dtype. */
                total?: (number|null);

                /** CRC-32C (Castagnoli) of the payload. */
                crc32c?: (number|null);

                /** Tensors of this object in all, 1 to 65,536, so that a receiver knows when it has every one. */
                numTensors?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a FrameHeader. */
            type $Shape = sara.v1.FrameHeader.$Properties;
        }

        /**
         * Properties of a SparseChunk.
         * @deprecated Use sara.v1.SparseChunk.$Properties instead.
         */
        interface ISparseChunk extends sara.v1.SparseChunk.$Properties {
        }

        /**
         * A part of one replica's compact gradient, or of the sum over replicas. Values only, in mask order: the
         * digest proves that sender and receiver mean the same entries. Sent over core NATS and repeated until every
         * addressee has answered with a SparseChunkReceipt.
         */
        class SparseChunk {

            /**
             * Constructs a new SparseChunk.
             * @param [properties] Properties to set
             */
            constructor(properties?: sara.v1.SparseChunk.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Run the gradient belongs to. */
            run: string;

            /** Generation of the sender, from 1; a chunk of another one than the receiver's is dropped. */
            generation: number;

            /** Pipeline stage whose mask orders the values, from 0. */
            stage: number;

            /** Step the gradient belongs to, from 0. */
            step: number;

            /** What the values are. */
            phase: sara.v1.ExchangePhase;

            /** Replica that sends, from 0. */
            from: number;

            /** Mask digest of the sender: 32 bytes, SHA-256. */
            maskDigest: Uint8Array;

            /** Entries of the whole vector, equal on all replicas. */
            vectorLength: number;

            /** First entry of the payload, counted from the start of the whole vector. */
            offset: number;

            /** DTYPE_FLOAT32 or DTYPE_FLOAT16. */
            dtype: sara.v1.DType;

            /** CRC-32C of the payload. */
            crc32c: number;

            /** Values, little-endian. */
            payload: Uint8Array;

            /**
             * Creates a new SparseChunk instance using the specified properties.
             * @param [properties] Properties to set
             * @returns SparseChunk instance
             */
            static create(properties: sara.v1.SparseChunk.$Shape): sara.v1.SparseChunk & sara.v1.SparseChunk.$Shape;
            static create(properties?: sara.v1.SparseChunk.$Properties): sara.v1.SparseChunk;

            /**
             * Encodes the specified SparseChunk message. Does not implicitly {@link sara.v1.SparseChunk.verify|verify} messages.
             * @param message SparseChunk message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: sara.v1.SparseChunk.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a SparseChunk message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {sara.v1.SparseChunk & sara.v1.SparseChunk.$Shape} SparseChunk
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): sara.v1.SparseChunk & sara.v1.SparseChunk.$Shape;
        }

        namespace SparseChunk {

            /** Properties of a SparseChunk. */
            interface $Properties {

                /** Run the gradient belongs to. */
                run?: (string|null);

                /** Generation of the sender, from 1; a chunk of another one than the receiver's is dropped. */
                generation?: (number|null);

                /** Pipeline stage whose mask orders the values, from 0. */
                stage?: (number|null);

                /** Step the gradient belongs to, from 0. */
                step?: (number|null);

                /** What the values are. */
                phase?: (sara.v1.ExchangePhase|null);

                /** Replica that sends, from 0. */
                from?: (number|null);

                /** Mask digest of the sender: 32 bytes, SHA-256. */
                maskDigest?: (Uint8Array|null);

                /** Entries of the whole vector, equal on all replicas. */
                vectorLength?: (number|null);

                /** First entry of the payload, counted from the start of the whole vector. */
                offset?: (number|null);

                /** DTYPE_FLOAT32 or DTYPE_FLOAT16. */
                dtype?: (sara.v1.DType|null);

                /** CRC-32C of the payload. */
                crc32c?: (number|null);

                /** Values, little-endian. */
                payload?: (Uint8Array|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a SparseChunk. */
            type $Shape = sara.v1.SparseChunk.$Properties;
        }

        /** ExchangePhase enum. */
        enum ExchangePhase {

            /** Never sent. */
            EXCHANGE_PHASE_UNSPECIFIED = 0,

            /**
             * No values: the sender has come to this step with this mask. Answered only by a replica that is in the
             * same step, so that its receipts are a barrier and nothing has to be kept for a step to come.
             */
            EXCHANGE_PHASE_ANNOUNCE = 1,

            /** One replica's values of the segment that the addressee sums. */
            EXCHANGE_PHASE_REDUCE_SCATTER = 2,

            /** The sum of a segment, from the replica that owns it to all others. */
            EXCHANGE_PHASE_ALL_GATHER = 3
        }

        /**
         * Properties of a SparseChunkReceipt.
         * @deprecated Use sara.v1.SparseChunkReceipt.$Properties instead.
         */
        interface ISparseChunkReceipt extends sara.v1.SparseChunkReceipt.$Properties {
        }

        /** Answer to one SparseChunk, sent to its reply subject. */
        class SparseChunkReceipt {

            /**
             * Constructs a new SparseChunkReceipt.
             * @param [properties] Properties to set
             */
            constructor(properties?: sara.v1.SparseChunkReceipt.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /**
             * Replica that answers, from 0. Always sent, also when 0: NATS answers with an empty message when nobody
             * listens, and a receipt must not look like one.
             */
            replica?: (number|null);

            /**
             * Empty: the chunk has arrived. Otherwise a code of shared/errors.ts (MASK_DIVERGED, FRAME_INVALID): the
             * exchange must end with this error, for repeating the chunk cannot help.
             */
            code: string;

            /** Explanation that goes with code. */
            message: string;

            /**
             * Creates a new SparseChunkReceipt instance using the specified properties.
             * @param [properties] Properties to set
             * @returns SparseChunkReceipt instance
             */
            static create(properties: sara.v1.SparseChunkReceipt.$Shape): sara.v1.SparseChunkReceipt & sara.v1.SparseChunkReceipt.$Shape;
            static create(properties?: sara.v1.SparseChunkReceipt.$Properties): sara.v1.SparseChunkReceipt;

            /**
             * Encodes the specified SparseChunkReceipt message. Does not implicitly {@link sara.v1.SparseChunkReceipt.verify|verify} messages.
             * @param message SparseChunkReceipt message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: sara.v1.SparseChunkReceipt.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a SparseChunkReceipt message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {sara.v1.SparseChunkReceipt & sara.v1.SparseChunkReceipt.$Shape} SparseChunkReceipt
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): sara.v1.SparseChunkReceipt & sara.v1.SparseChunkReceipt.$Shape;
        }

        namespace SparseChunkReceipt {

            /** Properties of a SparseChunkReceipt. */
            interface $Properties {

                /**
                 * Replica that answers, from 0. Always sent, also when 0: NATS answers with an empty message when nobody
                 * listens, and a receipt must not look like one.
                 */
                replica?: (number|null);

                /**
                 * Empty: the chunk has arrived. Otherwise a code of shared/errors.ts (MASK_DIVERGED, FRAME_INVALID): the
                 * exchange must end with this error, for repeating the chunk cannot help.
                 */
                code?: (string|null);

                /** Explanation that goes with code. */
                message?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a SparseChunkReceipt. */
            type $Shape = sara.v1.SparseChunkReceipt.$Properties;
        }
    }
}
