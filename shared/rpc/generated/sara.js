/*eslint-disable block-scoped-var, id-length, no-control-regex, no-magic-numbers, no-mixed-operators, no-prototype-builtins, no-redeclare, no-shadow, no-var, sort-vars, default-case, jsdoc/require-param*/
import $protobuf from "protobufjs/minimal.js";

// Common aliases
const $Reader = $protobuf.Reader, $Writer = $protobuf.Writer, $util = $protobuf.util;
const $Object = $util.global.Object, $undefined = $util.global.undefined, $Error = $util.global.Error, $RangeError = $util.global.RangeError;

// Exported root namespace
const $root = $protobuf.roots["default"] || ($protobuf.roots["default"] = {});

export const sara = $root.sara = (() => {

    /**
     * Namespace sara.
     * @exports sara
     * @namespace
     */
    const sara = {};

    sara.v1 = (function() {

        /**
         * Namespace v1.
         * @memberof sara
         * @namespace
         */
        const v1 = {};

        v1.SpawnRequest = (function() {

            /**
             * Properties of a SpawnRequest.
             * @typedef {Object} sara.v1.SpawnRequest.$Properties
             * @property {string|null} [actorId] Name of the new actor, chosen by the driver. Unique for all time (it holds a random part), 1 to 128
             * characters of [A-Za-z0-9._-].
             * @property {string|null} [className] Key into the worker's registry of actor classes, for example "StageActor".
             * @property {string|null} [run] Run the actor belongs to, 1 to 128 characters of [A-Za-z0-9_-]. Set by the driver.
             * @property {number|null} [generation] Version of the run's worker group, from 1, set by the driver. Lower than the highest the worker has seen
             * for this run: refused with STALE_GENERATION.
             * @property {Uint8Array|null} [args] Constructor arguments as an actor value (JSON, see shared/actor/value.ts), UTF-8.
             * @property {number|null} [memoryBytes] Memory the actor asks for, in bytes; 0 when the driver states none. The worker refuses what exceeds its
             * unreserved capacity with DOES_NOT_FIT.
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a SpawnRequest.
             * @memberof sara.v1
             * @interface ISpawnRequest
             * @augments sara.v1.SpawnRequest.$Properties
             * @deprecated Use sara.v1.SpawnRequest.$Properties instead.
             */

            /**
             * Shape of a SpawnRequest.
             * @typedef {sara.v1.SpawnRequest.$Properties} sara.v1.SpawnRequest.$Shape
             */

            /**
             * Constructs a new SpawnRequest.
             * @memberof sara.v1
             * @classdesc Represents a SpawnRequest.
             * @constructor
             * @param {sara.v1.SpawnRequest.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const SpawnRequest = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * Name of the new actor, chosen by the driver. Unique for all time (it holds a random part), 1 to 128
             * characters of [A-Za-z0-9._-].
             * @member {string} actorId
             * @memberof sara.v1.SpawnRequest
             * @instance
             */
            SpawnRequest.prototype.actorId = "";

            /**
             * Key into the worker's registry of actor classes, for example "StageActor".
             * @member {string} className
             * @memberof sara.v1.SpawnRequest
             * @instance
             */
            SpawnRequest.prototype.className = "";

            /**
             * Run the actor belongs to, 1 to 128 characters of [A-Za-z0-9_-]. Set by the driver.
             * @member {string} run
             * @memberof sara.v1.SpawnRequest
             * @instance
             */
            SpawnRequest.prototype.run = "";

            /**
             * Version of the run's worker group, from 1, set by the driver. Lower than the highest the worker has seen
             * for this run: refused with STALE_GENERATION.
             * @member {number} generation
             * @memberof sara.v1.SpawnRequest
             * @instance
             */
            SpawnRequest.prototype.generation = 0;

            /**
             * Constructor arguments as an actor value (JSON, see shared/actor/value.ts), UTF-8.
             * @member {Uint8Array} args
             * @memberof sara.v1.SpawnRequest
             * @instance
             */
            SpawnRequest.prototype.args = $util.newBuffer([]);

            /**
             * Memory the actor asks for, in bytes; 0 when the driver states none. The worker refuses what exceeds its
             * unreserved capacity with DOES_NOT_FIT.
             * @member {number} memoryBytes
             * @memberof sara.v1.SpawnRequest
             * @instance
             */
            SpawnRequest.prototype.memoryBytes = 0;

            /**
             * Creates a new SpawnRequest instance using the specified properties.
             * @function create
             * @memberof sara.v1.SpawnRequest
             * @static
             * @param {sara.v1.SpawnRequest.$Properties=} [properties] Properties to set
             * @returns {sara.v1.SpawnRequest} SpawnRequest instance
             * @type {{
             *   (properties: sara.v1.SpawnRequest.$Shape): sara.v1.SpawnRequest & sara.v1.SpawnRequest.$Shape;
             *   (properties?: sara.v1.SpawnRequest.$Properties): sara.v1.SpawnRequest;
             * }}
             */
            SpawnRequest.create = function(properties) {
                return new SpawnRequest(properties);
            };

            /**
             * Encodes the specified SpawnRequest message. Does not implicitly {@link sara.v1.SpawnRequest.verify|verify} messages.
             * @function encode
             * @memberof sara.v1.SpawnRequest
             * @static
             * @param {sara.v1.SpawnRequest.$Properties} message SpawnRequest message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            SpawnRequest.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.actorId != null && $Object.hasOwnProperty.call(message, "actorId") && message.actorId !== "")
                    writer.uint32(/* id 1, wireType 2 =*/10).string(message.actorId);
                if (message.className != null && $Object.hasOwnProperty.call(message, "className") && message.className !== "")
                    writer.uint32(/* id 2, wireType 2 =*/18).string(message.className);
                if (message.run != null && $Object.hasOwnProperty.call(message, "run") && message.run !== "")
                    writer.uint32(/* id 3, wireType 2 =*/26).string(message.run);
                if (message.generation != null && $Object.hasOwnProperty.call(message, "generation") && message.generation !== 0)
                    writer.uint32(/* id 4, wireType 0 =*/32).uint32(message.generation);
                if (message.args != null && $Object.hasOwnProperty.call(message, "args") && message.args.length)
                    writer.uint32(/* id 5, wireType 2 =*/42).bytes(message.args);
                if (message.memoryBytes != null && $Object.hasOwnProperty.call(message, "memoryBytes") && !$Object.is(message.memoryBytes, 0))
                    writer.uint32(/* id 6, wireType 1 =*/49).double(message.memoryBytes);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a SpawnRequest message from the specified reader or buffer.
             * @function decode
             * @memberof sara.v1.SpawnRequest
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {sara.v1.SpawnRequest & sara.v1.SpawnRequest.$Shape} SpawnRequest
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            SpawnRequest.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.sara.v1.SpawnRequest();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.actorId = value;
                            else
                                delete message.actorId;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.className = value;
                            else
                                delete message.className;
                            continue;
                        }
                    case 3: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.run = value;
                            else
                                delete message.run;
                            continue;
                        }
                    case 4: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.generation = value;
                            else
                                delete message.generation;
                            continue;
                        }
                    case 5: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.bytes()).length)
                                message.args = value;
                            else
                                delete message.args;
                            continue;
                        }
                    case 6: {
                            if (wireType !== 1)
                                break;
                            if (!$Object.is(value = reader.double(), 0))
                                message.memoryBytes = value;
                            else
                                delete message.memoryBytes;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return SpawnRequest;
        })();

        v1.SpawnReply = (function() {

            /**
             * Properties of a SpawnReply.
             * @typedef {Object} sara.v1.SpawnReply.$Properties
             * @property {string|null} [incarnation] Random name of this worker process. It changes when the process restarts, so a driver can tell a
             * restarted worker from the one it placed actors on. Set by the worker.
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a SpawnReply.
             * @memberof sara.v1
             * @interface ISpawnReply
             * @augments sara.v1.SpawnReply.$Properties
             * @deprecated Use sara.v1.SpawnReply.$Properties instead.
             */

            /**
             * Shape of a SpawnReply.
             * @typedef {sara.v1.SpawnReply.$Properties} sara.v1.SpawnReply.$Shape
             */

            /**
             * Constructs a new SpawnReply.
             * @memberof sara.v1
             * @classdesc Represents a SpawnReply.
             * @constructor
             * @param {sara.v1.SpawnReply.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const SpawnReply = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * Random name of this worker process. It changes when the process restarts, so a driver can tell a
             * restarted worker from the one it placed actors on. Set by the worker.
             * @member {string} incarnation
             * @memberof sara.v1.SpawnReply
             * @instance
             */
            SpawnReply.prototype.incarnation = "";

            /**
             * Creates a new SpawnReply instance using the specified properties.
             * @function create
             * @memberof sara.v1.SpawnReply
             * @static
             * @param {sara.v1.SpawnReply.$Properties=} [properties] Properties to set
             * @returns {sara.v1.SpawnReply} SpawnReply instance
             * @type {{
             *   (properties: sara.v1.SpawnReply.$Shape): sara.v1.SpawnReply & sara.v1.SpawnReply.$Shape;
             *   (properties?: sara.v1.SpawnReply.$Properties): sara.v1.SpawnReply;
             * }}
             */
            SpawnReply.create = function(properties) {
                return new SpawnReply(properties);
            };

            /**
             * Encodes the specified SpawnReply message. Does not implicitly {@link sara.v1.SpawnReply.verify|verify} messages.
             * @function encode
             * @memberof sara.v1.SpawnReply
             * @static
             * @param {sara.v1.SpawnReply.$Properties} message SpawnReply message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            SpawnReply.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.incarnation != null && $Object.hasOwnProperty.call(message, "incarnation") && message.incarnation !== "")
                    writer.uint32(/* id 1, wireType 2 =*/10).string(message.incarnation);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a SpawnReply message from the specified reader or buffer.
             * @function decode
             * @memberof sara.v1.SpawnReply
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {sara.v1.SpawnReply & sara.v1.SpawnReply.$Shape} SpawnReply
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            SpawnReply.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.sara.v1.SpawnReply();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.incarnation = value;
                            else
                                delete message.incarnation;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return SpawnReply;
        })();

        v1.StopRequest = (function() {

            /**
             * Properties of a StopRequest.
             * @typedef {Object} sara.v1.StopRequest.$Properties
             * @property {string|null} [actorId] Actor to stop; empty: every actor of `run`.
             * @property {string|null} [run] Run the actor belongs to. Always set by the driver.
             * @property {number|null} [generation] Generation of the caller, from 1. A stale one is refused, so that an old driver cannot stop new actors.
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a StopRequest.
             * @memberof sara.v1
             * @interface IStopRequest
             * @augments sara.v1.StopRequest.$Properties
             * @deprecated Use sara.v1.StopRequest.$Properties instead.
             */

            /**
             * Shape of a StopRequest.
             * @typedef {sara.v1.StopRequest.$Properties} sara.v1.StopRequest.$Shape
             */

            /**
             * Constructs a new StopRequest.
             * @memberof sara.v1
             * @classdesc Represents a StopRequest.
             * @constructor
             * @param {sara.v1.StopRequest.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const StopRequest = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * Actor to stop; empty: every actor of `run`.
             * @member {string} actorId
             * @memberof sara.v1.StopRequest
             * @instance
             */
            StopRequest.prototype.actorId = "";

            /**
             * Run the actor belongs to. Always set by the driver.
             * @member {string} run
             * @memberof sara.v1.StopRequest
             * @instance
             */
            StopRequest.prototype.run = "";

            /**
             * Generation of the caller, from 1. A stale one is refused, so that an old driver cannot stop new actors.
             * @member {number} generation
             * @memberof sara.v1.StopRequest
             * @instance
             */
            StopRequest.prototype.generation = 0;

            /**
             * Creates a new StopRequest instance using the specified properties.
             * @function create
             * @memberof sara.v1.StopRequest
             * @static
             * @param {sara.v1.StopRequest.$Properties=} [properties] Properties to set
             * @returns {sara.v1.StopRequest} StopRequest instance
             * @type {{
             *   (properties: sara.v1.StopRequest.$Shape): sara.v1.StopRequest & sara.v1.StopRequest.$Shape;
             *   (properties?: sara.v1.StopRequest.$Properties): sara.v1.StopRequest;
             * }}
             */
            StopRequest.create = function(properties) {
                return new StopRequest(properties);
            };

            /**
             * Encodes the specified StopRequest message. Does not implicitly {@link sara.v1.StopRequest.verify|verify} messages.
             * @function encode
             * @memberof sara.v1.StopRequest
             * @static
             * @param {sara.v1.StopRequest.$Properties} message StopRequest message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            StopRequest.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.actorId != null && $Object.hasOwnProperty.call(message, "actorId") && message.actorId !== "")
                    writer.uint32(/* id 1, wireType 2 =*/10).string(message.actorId);
                if (message.run != null && $Object.hasOwnProperty.call(message, "run") && message.run !== "")
                    writer.uint32(/* id 2, wireType 2 =*/18).string(message.run);
                if (message.generation != null && $Object.hasOwnProperty.call(message, "generation") && message.generation !== 0)
                    writer.uint32(/* id 3, wireType 0 =*/24).uint32(message.generation);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a StopRequest message from the specified reader or buffer.
             * @function decode
             * @memberof sara.v1.StopRequest
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {sara.v1.StopRequest & sara.v1.StopRequest.$Shape} StopRequest
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            StopRequest.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.sara.v1.StopRequest();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.actorId = value;
                            else
                                delete message.actorId;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.run = value;
                            else
                                delete message.run;
                            continue;
                        }
                    case 3: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.generation = value;
                            else
                                delete message.generation;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return StopRequest;
        })();

        v1.StopReply = (function() {

            /**
             * Properties of a StopReply.
             * @typedef {Object} sara.v1.StopReply.$Properties
             * @property {number|null} [numStopped] How many actors were stopped by this request.
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a StopReply.
             * @memberof sara.v1
             * @interface IStopReply
             * @augments sara.v1.StopReply.$Properties
             * @deprecated Use sara.v1.StopReply.$Properties instead.
             */

            /**
             * Shape of a StopReply.
             * @typedef {sara.v1.StopReply.$Properties} sara.v1.StopReply.$Shape
             */

            /**
             * Constructs a new StopReply.
             * @memberof sara.v1
             * @classdesc Represents a StopReply.
             * @constructor
             * @param {sara.v1.StopReply.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const StopReply = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * How many actors were stopped by this request.
             * @member {number} numStopped
             * @memberof sara.v1.StopReply
             * @instance
             */
            StopReply.prototype.numStopped = 0;

            /**
             * Creates a new StopReply instance using the specified properties.
             * @function create
             * @memberof sara.v1.StopReply
             * @static
             * @param {sara.v1.StopReply.$Properties=} [properties] Properties to set
             * @returns {sara.v1.StopReply} StopReply instance
             * @type {{
             *   (properties: sara.v1.StopReply.$Shape): sara.v1.StopReply & sara.v1.StopReply.$Shape;
             *   (properties?: sara.v1.StopReply.$Properties): sara.v1.StopReply;
             * }}
             */
            StopReply.create = function(properties) {
                return new StopReply(properties);
            };

            /**
             * Encodes the specified StopReply message. Does not implicitly {@link sara.v1.StopReply.verify|verify} messages.
             * @function encode
             * @memberof sara.v1.StopReply
             * @static
             * @param {sara.v1.StopReply.$Properties} message StopReply message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            StopReply.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.numStopped != null && $Object.hasOwnProperty.call(message, "numStopped") && message.numStopped !== 0)
                    writer.uint32(/* id 1, wireType 0 =*/8).uint32(message.numStopped);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a StopReply message from the specified reader or buffer.
             * @function decode
             * @memberof sara.v1.StopReply
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {sara.v1.StopReply & sara.v1.StopReply.$Shape} StopReply
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            StopReply.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.sara.v1.StopReply();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.numStopped = value;
                            else
                                delete message.numStopped;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return StopReply;
        })();

        v1.CallMessage = (function() {

            /**
             * Properties of a CallMessage.
             * @typedef {Object} sara.v1.CallMessage.$Properties
             * @property {sara.v1.Invoke.$Properties|null} [invoke] Ask for a method.
             * @property {sara.v1.Cancel.$Properties|null} [cancel] Give up on an earlier Invoke.
             * @property {sara.v1.Free.$Properties|null} [free] Give up objects; not answered.
             * @property {"invoke"|"cancel"|"free"} [message] CallMessage message
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a CallMessage.
             * @memberof sara.v1
             * @interface ICallMessage
             * @augments sara.v1.CallMessage.$Properties
             * @deprecated Use sara.v1.CallMessage.$Properties instead.
             */

            /**
             * Narrowed shape of a CallMessage.
             * @typedef {{
             *   invoke?: sara.v1.Invoke.$Shape|null;
             *   cancel?: sara.v1.Cancel.$Shape|null;
             *   free?: sara.v1.Free.$Shape|null;
             *   $unknowns?: Array.<Uint8Array>;
             * } & (
             *   ({ message?: undefined; invoke?: null; cancel?: null; free?: null }|{ message?: "invoke"; invoke: sara.v1.Invoke.$Shape; cancel?: null; free?: null }|{ message?: "cancel"; invoke?: null; cancel: sara.v1.Cancel.$Shape; free?: null }|{ message?: "free"; invoke?: null; cancel?: null; free: sara.v1.Free.$Shape })
             * )} sara.v1.CallMessage.$Shape
             */

            /**
             * Constructs a new CallMessage.
             * @memberof sara.v1
             * @classdesc One message from caller to worker.
             * @constructor
             * @param {sara.v1.CallMessage.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const CallMessage = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * Ask for a method.
             * @member {sara.v1.Invoke.$Properties|null|undefined} invoke
             * @memberof sara.v1.CallMessage
             * @instance
             */
            CallMessage.prototype.invoke = null;

            /**
             * Give up on an earlier Invoke.
             * @member {sara.v1.Cancel.$Properties|null|undefined} cancel
             * @memberof sara.v1.CallMessage
             * @instance
             */
            CallMessage.prototype.cancel = null;

            /**
             * Give up objects; not answered.
             * @member {sara.v1.Free.$Properties|null|undefined} free
             * @memberof sara.v1.CallMessage
             * @instance
             */
            CallMessage.prototype.free = null;

            // OneOf field names bound to virtual getters and setters
            let $oneOfFields;

            /**
             * CallMessage message.
             * @member {"invoke"|"cancel"|"free"|undefined} message
             * @memberof sara.v1.CallMessage
             * @instance
             */
            $Object.defineProperty(CallMessage.prototype, "message", {
                get: $util.oneOfGetter($oneOfFields = ["invoke", "cancel", "free"]),
                set: $util.oneOfSetter($oneOfFields)
            });

            /**
             * Creates a new CallMessage instance using the specified properties.
             * @function create
             * @memberof sara.v1.CallMessage
             * @static
             * @param {sara.v1.CallMessage.$Properties=} [properties] Properties to set
             * @returns {sara.v1.CallMessage} CallMessage instance
             * @type {{
             *   (properties: sara.v1.CallMessage.$Shape): sara.v1.CallMessage & sara.v1.CallMessage.$Shape;
             *   (properties?: sara.v1.CallMessage.$Properties): sara.v1.CallMessage;
             * }}
             */
            CallMessage.create = function(properties) {
                return new CallMessage(properties);
            };

            /**
             * Encodes the specified CallMessage message. Does not implicitly {@link sara.v1.CallMessage.verify|verify} messages.
             * @function encode
             * @memberof sara.v1.CallMessage
             * @static
             * @param {sara.v1.CallMessage.$Properties} message CallMessage message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            CallMessage.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.invoke != null && $Object.hasOwnProperty.call(message, "invoke"))
                    $root.sara.v1.Invoke.encode(message.invoke, writer.uint32(/* id 1, wireType 2 =*/10).fork(), _depth + 1).ldelim();
                if (message.cancel != null && $Object.hasOwnProperty.call(message, "cancel"))
                    $root.sara.v1.Cancel.encode(message.cancel, writer.uint32(/* id 2, wireType 2 =*/18).fork(), _depth + 1).ldelim();
                if (message.free != null && $Object.hasOwnProperty.call(message, "free"))
                    $root.sara.v1.Free.encode(message.free, writer.uint32(/* id 3, wireType 2 =*/26).fork(), _depth + 1).ldelim();
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a CallMessage message from the specified reader or buffer.
             * @function decode
             * @memberof sara.v1.CallMessage
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {sara.v1.CallMessage & sara.v1.CallMessage.$Shape} CallMessage
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            CallMessage.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.sara.v1.CallMessage();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 2)
                                break;
                            message.invoke = $root.sara.v1.Invoke.decode(reader, reader.size(), $undefined, _depth + 1, message.invoke);
                            message.message = "invoke";
                            continue;
                        }
                    case 2: {
                            if (wireType !== 2)
                                break;
                            message.cancel = $root.sara.v1.Cancel.decode(reader, reader.size(), $undefined, _depth + 1, message.cancel);
                            message.message = "cancel";
                            continue;
                        }
                    case 3: {
                            if (wireType !== 2)
                                break;
                            message.free = $root.sara.v1.Free.decode(reader, reader.size(), $undefined, _depth + 1, message.free);
                            message.message = "free";
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return CallMessage;
        })();

        v1.Invoke = (function() {

            /**
             * Properties of an Invoke.
             * @typedef {Object} sara.v1.Invoke.$Properties
             * @property {number|null} [callId] Number of the call, chosen by the caller, unique on its stream, from 1.
             * @property {string|null} [actorId] Actor to call.
             * @property {string|null} [method] Method of the actor's protocol. Only names the actor's definition lists can be called.
             * @property {string|null} [run] Run of the actor, checked against the actor's own.
             * @property {number|null} [generation] Generation of the caller, from 1. Lower than the highest the worker has seen for the run: refused.
             * Higher: older calls of the run are aborted and objects of older generations freed.
             * @property {number|null} [timeoutMs] Time the caller is willing to wait, in milliseconds from now, 1 to 2^31-1. Relative, so that the clocks
             * of two machines need not agree.
             * @property {Uint8Array|null} [args] Arguments as an actor value, UTF-8 JSON.
             * @property {string|null} [traceparent] W3C trace context of the caller's span, at most 55 characters; empty when it does not trace.
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of an Invoke.
             * @memberof sara.v1
             * @interface IInvoke
             * @augments sara.v1.Invoke.$Properties
             * @deprecated Use sara.v1.Invoke.$Properties instead.
             */

            /**
             * Shape of an Invoke.
             * @typedef {sara.v1.Invoke.$Properties} sara.v1.Invoke.$Shape
             */

            /**
             * Constructs a new Invoke.
             * @memberof sara.v1
             * @classdesc Represents an Invoke.
             * @constructor
             * @param {sara.v1.Invoke.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const Invoke = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * Number of the call, chosen by the caller, unique on its stream, from 1.
             * @member {number} callId
             * @memberof sara.v1.Invoke
             * @instance
             */
            Invoke.prototype.callId = 0;

            /**
             * Actor to call.
             * @member {string} actorId
             * @memberof sara.v1.Invoke
             * @instance
             */
            Invoke.prototype.actorId = "";

            /**
             * Method of the actor's protocol. Only names the actor's definition lists can be called.
             * @member {string} method
             * @memberof sara.v1.Invoke
             * @instance
             */
            Invoke.prototype.method = "";

            /**
             * Run of the actor, checked against the actor's own.
             * @member {string} run
             * @memberof sara.v1.Invoke
             * @instance
             */
            Invoke.prototype.run = "";

            /**
             * Generation of the caller, from 1. Lower than the highest the worker has seen for the run: refused.
             * Higher: older calls of the run are aborted and objects of older generations freed.
             * @member {number} generation
             * @memberof sara.v1.Invoke
             * @instance
             */
            Invoke.prototype.generation = 0;

            /**
             * Time the caller is willing to wait, in milliseconds from now, 1 to 2^31-1. Relative, so that the clocks
             * of two machines need not agree.
             * @member {number} timeoutMs
             * @memberof sara.v1.Invoke
             * @instance
             */
            Invoke.prototype.timeoutMs = 0;

            /**
             * Arguments as an actor value, UTF-8 JSON.
             * @member {Uint8Array} args
             * @memberof sara.v1.Invoke
             * @instance
             */
            Invoke.prototype.args = $util.newBuffer([]);

            /**
             * W3C trace context of the caller's span, at most 55 characters; empty when it does not trace.
             * @member {string} traceparent
             * @memberof sara.v1.Invoke
             * @instance
             */
            Invoke.prototype.traceparent = "";

            /**
             * Creates a new Invoke instance using the specified properties.
             * @function create
             * @memberof sara.v1.Invoke
             * @static
             * @param {sara.v1.Invoke.$Properties=} [properties] Properties to set
             * @returns {sara.v1.Invoke} Invoke instance
             * @type {{
             *   (properties: sara.v1.Invoke.$Shape): sara.v1.Invoke & sara.v1.Invoke.$Shape;
             *   (properties?: sara.v1.Invoke.$Properties): sara.v1.Invoke;
             * }}
             */
            Invoke.create = function(properties) {
                return new Invoke(properties);
            };

            /**
             * Encodes the specified Invoke message. Does not implicitly {@link sara.v1.Invoke.verify|verify} messages.
             * @function encode
             * @memberof sara.v1.Invoke
             * @static
             * @param {sara.v1.Invoke.$Properties} message Invoke message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            Invoke.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.callId != null && $Object.hasOwnProperty.call(message, "callId") && message.callId !== 0)
                    writer.uint32(/* id 1, wireType 0 =*/8).uint32(message.callId);
                if (message.actorId != null && $Object.hasOwnProperty.call(message, "actorId") && message.actorId !== "")
                    writer.uint32(/* id 2, wireType 2 =*/18).string(message.actorId);
                if (message.method != null && $Object.hasOwnProperty.call(message, "method") && message.method !== "")
                    writer.uint32(/* id 3, wireType 2 =*/26).string(message.method);
                if (message.run != null && $Object.hasOwnProperty.call(message, "run") && message.run !== "")
                    writer.uint32(/* id 4, wireType 2 =*/34).string(message.run);
                if (message.generation != null && $Object.hasOwnProperty.call(message, "generation") && message.generation !== 0)
                    writer.uint32(/* id 5, wireType 0 =*/40).uint32(message.generation);
                if (message.timeoutMs != null && $Object.hasOwnProperty.call(message, "timeoutMs") && message.timeoutMs !== 0)
                    writer.uint32(/* id 6, wireType 0 =*/48).uint32(message.timeoutMs);
                if (message.args != null && $Object.hasOwnProperty.call(message, "args") && message.args.length)
                    writer.uint32(/* id 7, wireType 2 =*/58).bytes(message.args);
                if (message.traceparent != null && $Object.hasOwnProperty.call(message, "traceparent") && message.traceparent !== "")
                    writer.uint32(/* id 8, wireType 2 =*/66).string(message.traceparent);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes an Invoke message from the specified reader or buffer.
             * @function decode
             * @memberof sara.v1.Invoke
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {sara.v1.Invoke & sara.v1.Invoke.$Shape} Invoke
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            Invoke.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.sara.v1.Invoke();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.callId = value;
                            else
                                delete message.callId;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.actorId = value;
                            else
                                delete message.actorId;
                            continue;
                        }
                    case 3: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.method = value;
                            else
                                delete message.method;
                            continue;
                        }
                    case 4: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.run = value;
                            else
                                delete message.run;
                            continue;
                        }
                    case 5: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.generation = value;
                            else
                                delete message.generation;
                            continue;
                        }
                    case 6: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.timeoutMs = value;
                            else
                                delete message.timeoutMs;
                            continue;
                        }
                    case 7: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.bytes()).length)
                                message.args = value;
                            else
                                delete message.args;
                            continue;
                        }
                    case 8: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.traceparent = value;
                            else
                                delete message.traceparent;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return Invoke;
        })();

        v1.Cancel = (function() {

            /**
             * Properties of a Cancel.
             * @typedef {Object} sara.v1.Cancel.$Properties
             * @property {number|null} [callId] The call that is no longer wanted. One that is done or unknown is ignored.
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a Cancel.
             * @memberof sara.v1
             * @interface ICancel
             * @augments sara.v1.Cancel.$Properties
             * @deprecated Use sara.v1.Cancel.$Properties instead.
             */

            /**
             * Shape of a Cancel.
             * @typedef {sara.v1.Cancel.$Properties} sara.v1.Cancel.$Shape
             */

            /**
             * Constructs a new Cancel.
             * @memberof sara.v1
             * @classdesc Represents a Cancel.
             * @constructor
             * @param {sara.v1.Cancel.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const Cancel = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * The call that is no longer wanted. One that is done or unknown is ignored.
             * @member {number} callId
             * @memberof sara.v1.Cancel
             * @instance
             */
            Cancel.prototype.callId = 0;

            /**
             * Creates a new Cancel instance using the specified properties.
             * @function create
             * @memberof sara.v1.Cancel
             * @static
             * @param {sara.v1.Cancel.$Properties=} [properties] Properties to set
             * @returns {sara.v1.Cancel} Cancel instance
             * @type {{
             *   (properties: sara.v1.Cancel.$Shape): sara.v1.Cancel & sara.v1.Cancel.$Shape;
             *   (properties?: sara.v1.Cancel.$Properties): sara.v1.Cancel;
             * }}
             */
            Cancel.create = function(properties) {
                return new Cancel(properties);
            };

            /**
             * Encodes the specified Cancel message. Does not implicitly {@link sara.v1.Cancel.verify|verify} messages.
             * @function encode
             * @memberof sara.v1.Cancel
             * @static
             * @param {sara.v1.Cancel.$Properties} message Cancel message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            Cancel.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.callId != null && $Object.hasOwnProperty.call(message, "callId") && message.callId !== 0)
                    writer.uint32(/* id 1, wireType 0 =*/8).uint32(message.callId);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a Cancel message from the specified reader or buffer.
             * @function decode
             * @memberof sara.v1.Cancel
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {sara.v1.Cancel & sara.v1.Cancel.$Shape} Cancel
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            Cancel.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.sara.v1.Cancel();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.callId = value;
                            else
                                delete message.callId;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return Cancel;
        })();

        v1.Free = (function() {

            /**
             * Properties of a Free.
             * @typedef {Object} sara.v1.Free.$Properties
             * @property {Array.<string>|null} [objectIds] Ids of objects held by this worker. Ids that are not there are ignored.
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a Free.
             * @memberof sara.v1
             * @interface IFree
             * @augments sara.v1.Free.$Properties
             * @deprecated Use sara.v1.Free.$Properties instead.
             */

            /**
             * Shape of a Free.
             * @typedef {sara.v1.Free.$Properties} sara.v1.Free.$Shape
             */

            /**
             * Constructs a new Free.
             * @memberof sara.v1
             * @classdesc Represents a Free.
             * @constructor
             * @param {sara.v1.Free.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const Free = function (properties) {
                this.objectIds = [];
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * Ids of objects held by this worker. Ids that are not there are ignored.
             * @member {Array.<string>} objectIds
             * @memberof sara.v1.Free
             * @instance
             */
            Free.prototype.objectIds = $util.emptyArray;

            /**
             * Creates a new Free instance using the specified properties.
             * @function create
             * @memberof sara.v1.Free
             * @static
             * @param {sara.v1.Free.$Properties=} [properties] Properties to set
             * @returns {sara.v1.Free} Free instance
             * @type {{
             *   (properties: sara.v1.Free.$Shape): sara.v1.Free & sara.v1.Free.$Shape;
             *   (properties?: sara.v1.Free.$Properties): sara.v1.Free;
             * }}
             */
            Free.create = function(properties) {
                return new Free(properties);
            };

            /**
             * Encodes the specified Free message. Does not implicitly {@link sara.v1.Free.verify|verify} messages.
             * @function encode
             * @memberof sara.v1.Free
             * @static
             * @param {sara.v1.Free.$Properties} message Free message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            Free.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.objectIds != null && message.objectIds.length)
                    for (let i = 0; i < message.objectIds.length; ++i)
                        writer.uint32(/* id 1, wireType 2 =*/10).string(message.objectIds[i]);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a Free message from the specified reader or buffer.
             * @function decode
             * @memberof sara.v1.Free
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {sara.v1.Free & sara.v1.Free.$Shape} Free
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            Free.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.sara.v1.Free();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 2)
                                break;
                            if (!(message.objectIds && message.objectIds.length))
                                message.objectIds = [];
                            message.objectIds.push(reader.stringVerify());
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return Free;
        })();

        v1.CallReply = (function() {

            /**
             * Properties of a CallReply.
             * @typedef {Object} sara.v1.CallReply.$Properties
             * @property {number|null} [callId] The call this answers.
             * @property {Uint8Array|null} [result] The method's result as an actor value, UTF-8 JSON.
             * @property {sara.v1.Failure.$Properties|null} [failure] Why there is none.
             * @property {"result"|"failure"} [outcome] CallReply outcome
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a CallReply.
             * @memberof sara.v1
             * @interface ICallReply
             * @augments sara.v1.CallReply.$Properties
             * @deprecated Use sara.v1.CallReply.$Properties instead.
             */

            /**
             * Narrowed shape of a CallReply.
             * @typedef {{
             *   callId?: number|null;
             *   result?: Uint8Array|null;
             *   failure?: sara.v1.Failure.$Shape|null;
             *   $unknowns?: Array.<Uint8Array>;
             * } & (
             *   ({ outcome?: undefined; result?: null; failure?: null }|{ outcome?: "result"; result: Uint8Array; failure?: null }|{ outcome?: "failure"; result?: null; failure: sara.v1.Failure.$Shape })
             * )} sara.v1.CallReply.$Shape
             */

            /**
             * Constructs a new CallReply.
             * @memberof sara.v1
             * @classdesc Answer to one Invoke.
             * @constructor
             * @param {sara.v1.CallReply.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const CallReply = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * The call this answers.
             * @member {number} callId
             * @memberof sara.v1.CallReply
             * @instance
             */
            CallReply.prototype.callId = 0;

            /**
             * The method's result as an actor value, UTF-8 JSON.
             * @member {Uint8Array|null|undefined} result
             * @memberof sara.v1.CallReply
             * @instance
             */
            CallReply.prototype.result = null;

            /**
             * Why there is none.
             * @member {sara.v1.Failure.$Properties|null|undefined} failure
             * @memberof sara.v1.CallReply
             * @instance
             */
            CallReply.prototype.failure = null;

            // OneOf field names bound to virtual getters and setters
            let $oneOfFields;

            /**
             * CallReply outcome.
             * @member {"result"|"failure"|undefined} outcome
             * @memberof sara.v1.CallReply
             * @instance
             */
            $Object.defineProperty(CallReply.prototype, "outcome", {
                get: $util.oneOfGetter($oneOfFields = ["result", "failure"]),
                set: $util.oneOfSetter($oneOfFields)
            });

            /**
             * Creates a new CallReply instance using the specified properties.
             * @function create
             * @memberof sara.v1.CallReply
             * @static
             * @param {sara.v1.CallReply.$Properties=} [properties] Properties to set
             * @returns {sara.v1.CallReply} CallReply instance
             * @type {{
             *   (properties: sara.v1.CallReply.$Shape): sara.v1.CallReply & sara.v1.CallReply.$Shape;
             *   (properties?: sara.v1.CallReply.$Properties): sara.v1.CallReply;
             * }}
             */
            CallReply.create = function(properties) {
                return new CallReply(properties);
            };

            /**
             * Encodes the specified CallReply message. Does not implicitly {@link sara.v1.CallReply.verify|verify} messages.
             * @function encode
             * @memberof sara.v1.CallReply
             * @static
             * @param {sara.v1.CallReply.$Properties} message CallReply message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            CallReply.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.callId != null && $Object.hasOwnProperty.call(message, "callId") && message.callId !== 0)
                    writer.uint32(/* id 1, wireType 0 =*/8).uint32(message.callId);
                if (message.result != null && $Object.hasOwnProperty.call(message, "result"))
                    writer.uint32(/* id 2, wireType 2 =*/18).bytes(message.result);
                if (message.failure != null && $Object.hasOwnProperty.call(message, "failure"))
                    $root.sara.v1.Failure.encode(message.failure, writer.uint32(/* id 3, wireType 2 =*/26).fork(), _depth + 1).ldelim();
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a CallReply message from the specified reader or buffer.
             * @function decode
             * @memberof sara.v1.CallReply
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {sara.v1.CallReply & sara.v1.CallReply.$Shape} CallReply
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            CallReply.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.sara.v1.CallReply();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.callId = value;
                            else
                                delete message.callId;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 2)
                                break;
                            message.result = reader.bytes();
                            message.outcome = "result";
                            continue;
                        }
                    case 3: {
                            if (wireType !== 2)
                                break;
                            message.failure = $root.sara.v1.Failure.decode(reader, reader.size(), $undefined, _depth + 1, message.failure);
                            message.outcome = "failure";
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return CallReply;
        })();

        v1.Failure = (function() {

            /**
             * Properties of a Failure.
             * @typedef {Object} sara.v1.Failure.$Properties
             * @property {string|null} [code] A code of shared/errors.ts. One the receiver does not know is read as INTERNAL.
             * @property {string|null} [message] What failed, the broken relation with its values, what to do.
             * @property {Uint8Array|null} [context] The values of the broken relation: a flat JSON object of strings, numbers, booleans and nulls, UTF-8.
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a Failure.
             * @memberof sara.v1
             * @interface IFailure
             * @augments sara.v1.Failure.$Properties
             * @deprecated Use sara.v1.Failure.$Properties instead.
             */

            /**
             * Shape of a Failure.
             * @typedef {sara.v1.Failure.$Properties} sara.v1.Failure.$Shape
             */

            /**
             * Constructs a new Failure.
             * @memberof sara.v1
             * @classdesc A typed error as it crosses a process border. Also rides in the trailing metadata of failed calls, under
             * the key "sara-failure-bin".
             * @constructor
             * @param {sara.v1.Failure.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const Failure = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * A code of shared/errors.ts. One the receiver does not know is read as INTERNAL.
             * @member {string} code
             * @memberof sara.v1.Failure
             * @instance
             */
            Failure.prototype.code = "";

            /**
             * What failed, the broken relation with its values, what to do.
             * @member {string} message
             * @memberof sara.v1.Failure
             * @instance
             */
            Failure.prototype.message = "";

            /**
             * The values of the broken relation: a flat JSON object of strings, numbers, booleans and nulls, UTF-8.
             * @member {Uint8Array} context
             * @memberof sara.v1.Failure
             * @instance
             */
            Failure.prototype.context = $util.newBuffer([]);

            /**
             * Creates a new Failure instance using the specified properties.
             * @function create
             * @memberof sara.v1.Failure
             * @static
             * @param {sara.v1.Failure.$Properties=} [properties] Properties to set
             * @returns {sara.v1.Failure} Failure instance
             * @type {{
             *   (properties: sara.v1.Failure.$Shape): sara.v1.Failure & sara.v1.Failure.$Shape;
             *   (properties?: sara.v1.Failure.$Properties): sara.v1.Failure;
             * }}
             */
            Failure.create = function(properties) {
                return new Failure(properties);
            };

            /**
             * Encodes the specified Failure message. Does not implicitly {@link sara.v1.Failure.verify|verify} messages.
             * @function encode
             * @memberof sara.v1.Failure
             * @static
             * @param {sara.v1.Failure.$Properties} message Failure message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            Failure.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.code != null && $Object.hasOwnProperty.call(message, "code") && message.code !== "")
                    writer.uint32(/* id 1, wireType 2 =*/10).string(message.code);
                if (message.message != null && $Object.hasOwnProperty.call(message, "message") && message.message !== "")
                    writer.uint32(/* id 2, wireType 2 =*/18).string(message.message);
                if (message.context != null && $Object.hasOwnProperty.call(message, "context") && message.context.length)
                    writer.uint32(/* id 3, wireType 2 =*/26).bytes(message.context);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a Failure message from the specified reader or buffer.
             * @function decode
             * @memberof sara.v1.Failure
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {sara.v1.Failure & sara.v1.Failure.$Shape} Failure
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            Failure.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.sara.v1.Failure();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.code = value;
                            else
                                delete message.code;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.message = value;
                            else
                                delete message.message;
                            continue;
                        }
                    case 3: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.bytes()).length)
                                message.context = value;
                            else
                                delete message.context;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return Failure;
        })();

        v1.StatusRequest = (function() {

            /**
             * Properties of a StatusRequest.
             * @typedef {Object} sara.v1.StatusRequest.$Properties
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a StatusRequest.
             * @memberof sara.v1
             * @interface IStatusRequest
             * @augments sara.v1.StatusRequest.$Properties
             * @deprecated Use sara.v1.StatusRequest.$Properties instead.
             */

            /**
             * Shape of a StatusRequest.
             * @typedef {sara.v1.StatusRequest.$Properties} sara.v1.StatusRequest.$Shape
             */

            /**
             * Constructs a new StatusRequest.
             * @memberof sara.v1
             * @classdesc Represents a StatusRequest.
             * @constructor
             * @param {sara.v1.StatusRequest.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const StatusRequest = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * Creates a new StatusRequest instance using the specified properties.
             * @function create
             * @memberof sara.v1.StatusRequest
             * @static
             * @param {sara.v1.StatusRequest.$Properties=} [properties] Properties to set
             * @returns {sara.v1.StatusRequest} StatusRequest instance
             * @type {{
             *   (properties: sara.v1.StatusRequest.$Shape): sara.v1.StatusRequest & sara.v1.StatusRequest.$Shape;
             *   (properties?: sara.v1.StatusRequest.$Properties): sara.v1.StatusRequest;
             * }}
             */
            StatusRequest.create = function(properties) {
                return new StatusRequest(properties);
            };

            /**
             * Encodes the specified StatusRequest message. Does not implicitly {@link sara.v1.StatusRequest.verify|verify} messages.
             * @function encode
             * @memberof sara.v1.StatusRequest
             * @static
             * @param {sara.v1.StatusRequest.$Properties} message StatusRequest message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            StatusRequest.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a StatusRequest message from the specified reader or buffer.
             * @function decode
             * @memberof sara.v1.StatusRequest
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {sara.v1.StatusRequest & sara.v1.StatusRequest.$Shape} StatusRequest
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            StatusRequest.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.sara.v1.StatusRequest();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    reader.skipType(tag & 7, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return StatusRequest;
        })();

        v1.StatusReply = (function() {

            /**
             * Properties of a StatusReply.
             * @typedef {Object} sara.v1.StatusReply.$Properties
             * @property {string|null} [worker] Name of the worker, as configured.
             * @property {string|null} [address] host:port under which other processes reach it.
             * @property {string|null} [incarnation] Random name of this process, see SpawnReply.
             * @property {number|null} [pid] Process id on its machine.
             * @property {Array.<sara.v1.ActorStatus.$Properties>|null} [actors] Actors that are alive, oldest first.
             * @property {number|null} [numObjects] Objects held now.
             * @property {number|null} [objectBytes] Bytes of tensor data the object store holds now.
             * @property {number|null} [objectCapacityBytes] Bytes the object store may hold at most.
             * @property {number|null} [rssBytes] Resident memory of the process, in bytes.
             * @property {number|null} [memoryCapacityBytes] Memory that actors may reserve in all, in bytes; 0 when not limited.
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a StatusReply.
             * @memberof sara.v1
             * @interface IStatusReply
             * @augments sara.v1.StatusReply.$Properties
             * @deprecated Use sara.v1.StatusReply.$Properties instead.
             */

            /**
             * Shape of a StatusReply.
             * @typedef {sara.v1.StatusReply.$Properties} sara.v1.StatusReply.$Shape
             */

            /**
             * Constructs a new StatusReply.
             * @memberof sara.v1
             * @classdesc Represents a StatusReply.
             * @constructor
             * @param {sara.v1.StatusReply.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const StatusReply = function (properties) {
                this.actors = [];
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * Name of the worker, as configured.
             * @member {string} worker
             * @memberof sara.v1.StatusReply
             * @instance
             */
            StatusReply.prototype.worker = "";

            /**
             * host:port under which other processes reach it.
             * @member {string} address
             * @memberof sara.v1.StatusReply
             * @instance
             */
            StatusReply.prototype.address = "";

            /**
             * Random name of this process, see SpawnReply.
             * @member {string} incarnation
             * @memberof sara.v1.StatusReply
             * @instance
             */
            StatusReply.prototype.incarnation = "";

            /**
             * Process id on its machine.
             * @member {number} pid
             * @memberof sara.v1.StatusReply
             * @instance
             */
            StatusReply.prototype.pid = 0;

            /**
             * Actors that are alive, oldest first.
             * @member {Array.<sara.v1.ActorStatus.$Properties>} actors
             * @memberof sara.v1.StatusReply
             * @instance
             */
            StatusReply.prototype.actors = $util.emptyArray;

            /**
             * Objects held now.
             * @member {number} numObjects
             * @memberof sara.v1.StatusReply
             * @instance
             */
            StatusReply.prototype.numObjects = 0;

            /**
             * Bytes of tensor data the object store holds now.
             * @member {number} objectBytes
             * @memberof sara.v1.StatusReply
             * @instance
             */
            StatusReply.prototype.objectBytes = 0;

            /**
             * Bytes the object store may hold at most.
             * @member {number} objectCapacityBytes
             * @memberof sara.v1.StatusReply
             * @instance
             */
            StatusReply.prototype.objectCapacityBytes = 0;

            /**
             * Resident memory of the process, in bytes.
             * @member {number} rssBytes
             * @memberof sara.v1.StatusReply
             * @instance
             */
            StatusReply.prototype.rssBytes = 0;

            /**
             * Memory that actors may reserve in all, in bytes; 0 when not limited.
             * @member {number} memoryCapacityBytes
             * @memberof sara.v1.StatusReply
             * @instance
             */
            StatusReply.prototype.memoryCapacityBytes = 0;

            /**
             * Creates a new StatusReply instance using the specified properties.
             * @function create
             * @memberof sara.v1.StatusReply
             * @static
             * @param {sara.v1.StatusReply.$Properties=} [properties] Properties to set
             * @returns {sara.v1.StatusReply} StatusReply instance
             * @type {{
             *   (properties: sara.v1.StatusReply.$Shape): sara.v1.StatusReply & sara.v1.StatusReply.$Shape;
             *   (properties?: sara.v1.StatusReply.$Properties): sara.v1.StatusReply;
             * }}
             */
            StatusReply.create = function(properties) {
                return new StatusReply(properties);
            };

            /**
             * Encodes the specified StatusReply message. Does not implicitly {@link sara.v1.StatusReply.verify|verify} messages.
             * @function encode
             * @memberof sara.v1.StatusReply
             * @static
             * @param {sara.v1.StatusReply.$Properties} message StatusReply message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            StatusReply.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.worker != null && $Object.hasOwnProperty.call(message, "worker") && message.worker !== "")
                    writer.uint32(/* id 1, wireType 2 =*/10).string(message.worker);
                if (message.address != null && $Object.hasOwnProperty.call(message, "address") && message.address !== "")
                    writer.uint32(/* id 2, wireType 2 =*/18).string(message.address);
                if (message.incarnation != null && $Object.hasOwnProperty.call(message, "incarnation") && message.incarnation !== "")
                    writer.uint32(/* id 3, wireType 2 =*/26).string(message.incarnation);
                if (message.pid != null && $Object.hasOwnProperty.call(message, "pid") && message.pid !== 0)
                    writer.uint32(/* id 4, wireType 0 =*/32).uint32(message.pid);
                if (message.actors != null && message.actors.length)
                    for (let i = 0; i < message.actors.length; ++i)
                        $root.sara.v1.ActorStatus.encode(message.actors[i], writer.uint32(/* id 5, wireType 2 =*/42).fork(), _depth + 1).ldelim();
                if (message.numObjects != null && $Object.hasOwnProperty.call(message, "numObjects") && message.numObjects !== 0)
                    writer.uint32(/* id 6, wireType 0 =*/48).uint32(message.numObjects);
                if (message.objectBytes != null && $Object.hasOwnProperty.call(message, "objectBytes") && !$Object.is(message.objectBytes, 0))
                    writer.uint32(/* id 7, wireType 1 =*/57).double(message.objectBytes);
                if (message.objectCapacityBytes != null && $Object.hasOwnProperty.call(message, "objectCapacityBytes") && !$Object.is(message.objectCapacityBytes, 0))
                    writer.uint32(/* id 8, wireType 1 =*/65).double(message.objectCapacityBytes);
                if (message.rssBytes != null && $Object.hasOwnProperty.call(message, "rssBytes") && !$Object.is(message.rssBytes, 0))
                    writer.uint32(/* id 9, wireType 1 =*/73).double(message.rssBytes);
                if (message.memoryCapacityBytes != null && $Object.hasOwnProperty.call(message, "memoryCapacityBytes") && !$Object.is(message.memoryCapacityBytes, 0))
                    writer.uint32(/* id 10, wireType 1 =*/81).double(message.memoryCapacityBytes);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a StatusReply message from the specified reader or buffer.
             * @function decode
             * @memberof sara.v1.StatusReply
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {sara.v1.StatusReply & sara.v1.StatusReply.$Shape} StatusReply
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            StatusReply.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.sara.v1.StatusReply();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.worker = value;
                            else
                                delete message.worker;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.address = value;
                            else
                                delete message.address;
                            continue;
                        }
                    case 3: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.incarnation = value;
                            else
                                delete message.incarnation;
                            continue;
                        }
                    case 4: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.pid = value;
                            else
                                delete message.pid;
                            continue;
                        }
                    case 5: {
                            if (wireType !== 2)
                                break;
                            if (!(message.actors && message.actors.length))
                                message.actors = [];
                            message.actors.push($root.sara.v1.ActorStatus.decode(reader, reader.size(), $undefined, _depth + 1));
                            continue;
                        }
                    case 6: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.numObjects = value;
                            else
                                delete message.numObjects;
                            continue;
                        }
                    case 7: {
                            if (wireType !== 1)
                                break;
                            if (!$Object.is(value = reader.double(), 0))
                                message.objectBytes = value;
                            else
                                delete message.objectBytes;
                            continue;
                        }
                    case 8: {
                            if (wireType !== 1)
                                break;
                            if (!$Object.is(value = reader.double(), 0))
                                message.objectCapacityBytes = value;
                            else
                                delete message.objectCapacityBytes;
                            continue;
                        }
                    case 9: {
                            if (wireType !== 1)
                                break;
                            if (!$Object.is(value = reader.double(), 0))
                                message.rssBytes = value;
                            else
                                delete message.rssBytes;
                            continue;
                        }
                    case 10: {
                            if (wireType !== 1)
                                break;
                            if (!$Object.is(value = reader.double(), 0))
                                message.memoryCapacityBytes = value;
                            else
                                delete message.memoryCapacityBytes;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return StatusReply;
        })();

        v1.ActorStatus = (function() {

            /**
             * Properties of an ActorStatus.
             * @typedef {Object} sara.v1.ActorStatus.$Properties
             * @property {string|null} [actorId] Name of the actor.
             * @property {string|null} [className] Class it was made from, see SpawnRequest.
             * @property {string|null} [run] Run it belongs to.
             * @property {number|null} [generation] Generation it was spawned in.
             * @property {number|null} [numQueued] Calls waiting in its mailbox.
             * @property {string|null} [busyMethod] Method that runs now; empty when idle.
             * @property {number|null} [memoryBytes] Memory it reserved at Spawn, in bytes.
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of an ActorStatus.
             * @memberof sara.v1
             * @interface IActorStatus
             * @augments sara.v1.ActorStatus.$Properties
             * @deprecated Use sara.v1.ActorStatus.$Properties instead.
             */

            /**
             * Shape of an ActorStatus.
             * @typedef {sara.v1.ActorStatus.$Properties} sara.v1.ActorStatus.$Shape
             */

            /**
             * Constructs a new ActorStatus.
             * @memberof sara.v1
             * @classdesc Represents an ActorStatus.
             * @constructor
             * @param {sara.v1.ActorStatus.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const ActorStatus = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * Name of the actor.
             * @member {string} actorId
             * @memberof sara.v1.ActorStatus
             * @instance
             */
            ActorStatus.prototype.actorId = "";

            /**
             * Class it was made from, see SpawnRequest.
             * @member {string} className
             * @memberof sara.v1.ActorStatus
             * @instance
             */
            ActorStatus.prototype.className = "";

            /**
             * Run it belongs to.
             * @member {string} run
             * @memberof sara.v1.ActorStatus
             * @instance
             */
            ActorStatus.prototype.run = "";

            /**
             * Generation it was spawned in.
             * @member {number} generation
             * @memberof sara.v1.ActorStatus
             * @instance
             */
            ActorStatus.prototype.generation = 0;

            /**
             * Calls waiting in its mailbox.
             * @member {number} numQueued
             * @memberof sara.v1.ActorStatus
             * @instance
             */
            ActorStatus.prototype.numQueued = 0;

            /**
             * Method that runs now; empty when idle.
             * @member {string} busyMethod
             * @memberof sara.v1.ActorStatus
             * @instance
             */
            ActorStatus.prototype.busyMethod = "";

            /**
             * Memory it reserved at Spawn, in bytes.
             * @member {number} memoryBytes
             * @memberof sara.v1.ActorStatus
             * @instance
             */
            ActorStatus.prototype.memoryBytes = 0;

            /**
             * Creates a new ActorStatus instance using the specified properties.
             * @function create
             * @memberof sara.v1.ActorStatus
             * @static
             * @param {sara.v1.ActorStatus.$Properties=} [properties] Properties to set
             * @returns {sara.v1.ActorStatus} ActorStatus instance
             * @type {{
             *   (properties: sara.v1.ActorStatus.$Shape): sara.v1.ActorStatus & sara.v1.ActorStatus.$Shape;
             *   (properties?: sara.v1.ActorStatus.$Properties): sara.v1.ActorStatus;
             * }}
             */
            ActorStatus.create = function(properties) {
                return new ActorStatus(properties);
            };

            /**
             * Encodes the specified ActorStatus message. Does not implicitly {@link sara.v1.ActorStatus.verify|verify} messages.
             * @function encode
             * @memberof sara.v1.ActorStatus
             * @static
             * @param {sara.v1.ActorStatus.$Properties} message ActorStatus message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            ActorStatus.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.actorId != null && $Object.hasOwnProperty.call(message, "actorId") && message.actorId !== "")
                    writer.uint32(/* id 1, wireType 2 =*/10).string(message.actorId);
                if (message.className != null && $Object.hasOwnProperty.call(message, "className") && message.className !== "")
                    writer.uint32(/* id 2, wireType 2 =*/18).string(message.className);
                if (message.run != null && $Object.hasOwnProperty.call(message, "run") && message.run !== "")
                    writer.uint32(/* id 3, wireType 2 =*/26).string(message.run);
                if (message.generation != null && $Object.hasOwnProperty.call(message, "generation") && message.generation !== 0)
                    writer.uint32(/* id 4, wireType 0 =*/32).uint32(message.generation);
                if (message.numQueued != null && $Object.hasOwnProperty.call(message, "numQueued") && message.numQueued !== 0)
                    writer.uint32(/* id 5, wireType 0 =*/40).uint32(message.numQueued);
                if (message.busyMethod != null && $Object.hasOwnProperty.call(message, "busyMethod") && message.busyMethod !== "")
                    writer.uint32(/* id 6, wireType 2 =*/50).string(message.busyMethod);
                if (message.memoryBytes != null && $Object.hasOwnProperty.call(message, "memoryBytes") && !$Object.is(message.memoryBytes, 0))
                    writer.uint32(/* id 7, wireType 1 =*/57).double(message.memoryBytes);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes an ActorStatus message from the specified reader or buffer.
             * @function decode
             * @memberof sara.v1.ActorStatus
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {sara.v1.ActorStatus & sara.v1.ActorStatus.$Shape} ActorStatus
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            ActorStatus.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.sara.v1.ActorStatus();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.actorId = value;
                            else
                                delete message.actorId;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.className = value;
                            else
                                delete message.className;
                            continue;
                        }
                    case 3: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.run = value;
                            else
                                delete message.run;
                            continue;
                        }
                    case 4: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.generation = value;
                            else
                                delete message.generation;
                            continue;
                        }
                    case 5: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.numQueued = value;
                            else
                                delete message.numQueued;
                            continue;
                        }
                    case 6: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.busyMethod = value;
                            else
                                delete message.busyMethod;
                            continue;
                        }
                    case 7: {
                            if (wireType !== 1)
                                break;
                            if (!$Object.is(value = reader.double(), 0))
                                message.memoryBytes = value;
                            else
                                delete message.memoryBytes;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return ActorStatus;
        })();

        /**
         * RunState enum.
         * @name sara.v1.RunState
         * @enum {number}
         * @property {number} RUN_STATE_UNSPECIFIED=0 Never sent.
         * @property {number} RUN_STATE_QUEUED=1 Accepted, waiting for workers.
         * @property {number} RUN_STATE_PLANNING=2 The UNet is being cut and placed.
         * @property {number} RUN_STATE_RUNNING=3 Steps are being taken.
         * @property {number} RUN_STATE_FINISHING=4 Adapter, merged model and pictures are being written.
         * @property {number} RUN_STATE_SUCCEEDED=5 Terminal: everything was written.
         * @property {number} RUN_STATE_FAILED=6 Terminal: see the failure.
         * @property {number} RUN_STATE_CANCELLED=7 Terminal: somebody asked for it.
         */
        v1.RunState = (function() {
            const valuesById = $Object.create(null), values = $Object.create(valuesById);
            values[valuesById[0] = "RUN_STATE_UNSPECIFIED"] = 0;
            values[valuesById[1] = "RUN_STATE_QUEUED"] = 1;
            values[valuesById[2] = "RUN_STATE_PLANNING"] = 2;
            values[valuesById[3] = "RUN_STATE_RUNNING"] = 3;
            values[valuesById[4] = "RUN_STATE_FINISHING"] = 4;
            values[valuesById[5] = "RUN_STATE_SUCCEEDED"] = 5;
            values[valuesById[6] = "RUN_STATE_FAILED"] = 6;
            values[valuesById[7] = "RUN_STATE_CANCELLED"] = 7;
            return values;
        })();

        v1.RunEvent = (function() {

            /**
             * Properties of a RunEvent.
             * @typedef {Object} sara.v1.RunEvent.$Properties
             * @property {string|null} [run] Run this is about.
             * @property {number|null} [sequence] Position in the run's history, from 1, without gaps. Set by the coordinator; consumers drop what they
             * have already seen by it.
             * @property {number|null} [generation] Generation of the worker group, from 1; 0 before there is one.
             * @property {number|null} [step] Step that was current, from 0.
             * @property {number|null} [atMs] When it happened: milliseconds since 1970-01-01 UTC on the coordinator's clock.
             * @property {sara.v1.StateChanged.$Properties|null} [stateChanged] RunEvent stateChanged
             * @property {sara.v1.Planned.$Properties|null} [planned] RunEvent planned
             * @property {sara.v1.StepCommitted.$Properties|null} [stepCommitted] RunEvent stepCommitted
             * @property {sara.v1.Validated.$Properties|null} [validated] RunEvent validated
             * @property {sara.v1.MaskRefreshed.$Properties|null} [maskRefreshed] RunEvent maskRefreshed
             * @property {sara.v1.Checkpointed.$Properties|null} [checkpointed] RunEvent checkpointed
             * @property {sara.v1.Artifact.$Properties|null} [artifact] RunEvent artifact
             * @property {sara.v1.LogLine.$Properties|null} [log] RunEvent log
             * @property {sara.v1.RunFailed.$Properties|null} [failed] RunEvent failed
             * @property {sara.v1.Encoded.$Properties|null} [encoded] RunEvent encoded
             * @property {"stateChanged"|"planned"|"stepCommitted"|"validated"|"maskRefreshed"|"checkpointed"|"artifact"|"log"|"failed"|"encoded"} [body] RunEvent body
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a RunEvent.
             * @memberof sara.v1
             * @interface IRunEvent
             * @augments sara.v1.RunEvent.$Properties
             * @deprecated Use sara.v1.RunEvent.$Properties instead.
             */

            /**
             * Narrowed shape of a RunEvent.
             * @typedef {{
             *   run?: string|null;
             *   sequence?: number|null;
             *   generation?: number|null;
             *   step?: number|null;
             *   atMs?: number|null;
             *   stateChanged?: sara.v1.StateChanged.$Shape|null;
             *   planned?: sara.v1.Planned.$Shape|null;
             *   stepCommitted?: sara.v1.StepCommitted.$Shape|null;
             *   validated?: sara.v1.Validated.$Shape|null;
             *   maskRefreshed?: sara.v1.MaskRefreshed.$Shape|null;
             *   checkpointed?: sara.v1.Checkpointed.$Shape|null;
             *   artifact?: sara.v1.Artifact.$Shape|null;
             *   log?: sara.v1.LogLine.$Shape|null;
             *   failed?: sara.v1.RunFailed.$Shape|null;
             *   encoded?: sara.v1.Encoded.$Shape|null;
             *   $unknowns?: Array.<Uint8Array>;
             * } & (
             *   ({ body?: undefined; stateChanged?: null; planned?: null; stepCommitted?: null; validated?: null; maskRefreshed?: null; checkpointed?: null; artifact?: null; log?: null; failed?: null; encoded?: null }|{ body?: "stateChanged"; stateChanged: sara.v1.StateChanged.$Shape; planned?: null; stepCommitted?: null; validated?: null; maskRefreshed?: null; checkpointed?: null; artifact?: null; log?: null; failed?: null; encoded?: null }|{ body?: "planned"; stateChanged?: null; planned: sara.v1.Planned.$Shape; stepCommitted?: null; validated?: null; maskRefreshed?: null; checkpointed?: null; artifact?: null; log?: null; failed?: null; encoded?: null }|{ body?: "stepCommitted"; stateChanged?: null; planned?: null; stepCommitted: sara.v1.StepCommitted.$Shape; validated?: null; maskRefreshed?: null; checkpointed?: null; artifact?: null; log?: null; failed?: null; encoded?: null }|{ body?: "validated"; stateChanged?: null; planned?: null; stepCommitted?: null; validated: sara.v1.Validated.$Shape; maskRefreshed?: null; checkpointed?: null; artifact?: null; log?: null; failed?: null; encoded?: null }|{ body?: "maskRefreshed"; stateChanged?: null; planned?: null; stepCommitted?: null; validated?: null; maskRefreshed: sara.v1.MaskRefreshed.$Shape; checkpointed?: null; artifact?: null; log?: null; failed?: null; encoded?: null }|{ body?: "checkpointed"; stateChanged?: null; planned?: null; stepCommitted?: null; validated?: null; maskRefreshed?: null; checkpointed: sara.v1.Checkpointed.$Shape; artifact?: null; log?: null; failed?: null; encoded?: null }|{ body?: "artifact"; stateChanged?: null; planned?: null; stepCommitted?: null; validated?: null; maskRefreshed?: null; checkpointed?: null; artifact: sara.v1.Artifact.$Shape; log?: null; failed?: null; encoded?: null }|{ body?: "log"; stateChanged?: null; planned?: null; stepCommitted?: null; validated?: null; maskRefreshed?: null; checkpointed?: null; artifact?: null; log: sara.v1.LogLine.$Shape; failed?: null; encoded?: null }|{ body?: "failed"; stateChanged?: null; planned?: null; stepCommitted?: null; validated?: null; maskRefreshed?: null; checkpointed?: null; artifact?: null; log?: null; failed: sara.v1.RunFailed.$Shape; encoded?: null }|{ body?: "encoded"; stateChanged?: null; planned?: null; stepCommitted?: null; validated?: null; maskRefreshed?: null; checkpointed?: null; artifact?: null; log?: null; failed?: null; encoded: sara.v1.Encoded.$Shape })
             * )} sara.v1.RunEvent.$Shape
             */

            /**
             * Constructs a new RunEvent.
             * @memberof sara.v1
             * @classdesc Represents a RunEvent.
             * @constructor
             * @param {sara.v1.RunEvent.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const RunEvent = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * Run this is about.
             * @member {string} run
             * @memberof sara.v1.RunEvent
             * @instance
             */
            RunEvent.prototype.run = "";

            /**
             * Position in the run's history, from 1, without gaps. Set by the coordinator; consumers drop what they
             * have already seen by it.
             * @member {number} sequence
             * @memberof sara.v1.RunEvent
             * @instance
             */
            RunEvent.prototype.sequence = 0;

            /**
             * Generation of the worker group, from 1; 0 before there is one.
             * @member {number} generation
             * @memberof sara.v1.RunEvent
             * @instance
             */
            RunEvent.prototype.generation = 0;

            /**
             * Step that was current, from 0.
             * @member {number} step
             * @memberof sara.v1.RunEvent
             * @instance
             */
            RunEvent.prototype.step = 0;

            /**
             * When it happened: milliseconds since 1970-01-01 UTC on the coordinator's clock.
             * @member {number} atMs
             * @memberof sara.v1.RunEvent
             * @instance
             */
            RunEvent.prototype.atMs = 0;

            /**
             * RunEvent stateChanged.
             * @member {sara.v1.StateChanged.$Properties|null|undefined} stateChanged
             * @memberof sara.v1.RunEvent
             * @instance
             */
            RunEvent.prototype.stateChanged = null;

            /**
             * RunEvent planned.
             * @member {sara.v1.Planned.$Properties|null|undefined} planned
             * @memberof sara.v1.RunEvent
             * @instance
             */
            RunEvent.prototype.planned = null;

            /**
             * RunEvent stepCommitted.
             * @member {sara.v1.StepCommitted.$Properties|null|undefined} stepCommitted
             * @memberof sara.v1.RunEvent
             * @instance
             */
            RunEvent.prototype.stepCommitted = null;

            /**
             * RunEvent validated.
             * @member {sara.v1.Validated.$Properties|null|undefined} validated
             * @memberof sara.v1.RunEvent
             * @instance
             */
            RunEvent.prototype.validated = null;

            /**
             * RunEvent maskRefreshed.
             * @member {sara.v1.MaskRefreshed.$Properties|null|undefined} maskRefreshed
             * @memberof sara.v1.RunEvent
             * @instance
             */
            RunEvent.prototype.maskRefreshed = null;

            /**
             * RunEvent checkpointed.
             * @member {sara.v1.Checkpointed.$Properties|null|undefined} checkpointed
             * @memberof sara.v1.RunEvent
             * @instance
             */
            RunEvent.prototype.checkpointed = null;

            /**
             * RunEvent artifact.
             * @member {sara.v1.Artifact.$Properties|null|undefined} artifact
             * @memberof sara.v1.RunEvent
             * @instance
             */
            RunEvent.prototype.artifact = null;

            /**
             * RunEvent log.
             * @member {sara.v1.LogLine.$Properties|null|undefined} log
             * @memberof sara.v1.RunEvent
             * @instance
             */
            RunEvent.prototype.log = null;

            /**
             * RunEvent failed.
             * @member {sara.v1.RunFailed.$Properties|null|undefined} failed
             * @memberof sara.v1.RunEvent
             * @instance
             */
            RunEvent.prototype.failed = null;

            /**
             * RunEvent encoded.
             * @member {sara.v1.Encoded.$Properties|null|undefined} encoded
             * @memberof sara.v1.RunEvent
             * @instance
             */
            RunEvent.prototype.encoded = null;

            // OneOf field names bound to virtual getters and setters
            let $oneOfFields;

            /**
             * RunEvent body.
             * @member {"stateChanged"|"planned"|"stepCommitted"|"validated"|"maskRefreshed"|"checkpointed"|"artifact"|"log"|"failed"|"encoded"|undefined} body
             * @memberof sara.v1.RunEvent
             * @instance
             */
            $Object.defineProperty(RunEvent.prototype, "body", {
                get: $util.oneOfGetter($oneOfFields = ["stateChanged", "planned", "stepCommitted", "validated", "maskRefreshed", "checkpointed", "artifact", "log", "failed", "encoded"]),
                set: $util.oneOfSetter($oneOfFields)
            });

            /**
             * Creates a new RunEvent instance using the specified properties.
             * @function create
             * @memberof sara.v1.RunEvent
             * @static
             * @param {sara.v1.RunEvent.$Properties=} [properties] Properties to set
             * @returns {sara.v1.RunEvent} RunEvent instance
             * @type {{
             *   (properties: sara.v1.RunEvent.$Shape): sara.v1.RunEvent & sara.v1.RunEvent.$Shape;
             *   (properties?: sara.v1.RunEvent.$Properties): sara.v1.RunEvent;
             * }}
             */
            RunEvent.create = function(properties) {
                return new RunEvent(properties);
            };

            /**
             * Encodes the specified RunEvent message. Does not implicitly {@link sara.v1.RunEvent.verify|verify} messages.
             * @function encode
             * @memberof sara.v1.RunEvent
             * @static
             * @param {sara.v1.RunEvent.$Properties} message RunEvent message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            RunEvent.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.run != null && $Object.hasOwnProperty.call(message, "run") && message.run !== "")
                    writer.uint32(/* id 1, wireType 2 =*/10).string(message.run);
                if (message.sequence != null && $Object.hasOwnProperty.call(message, "sequence") && message.sequence !== 0)
                    writer.uint32(/* id 2, wireType 0 =*/16).uint32(message.sequence);
                if (message.generation != null && $Object.hasOwnProperty.call(message, "generation") && message.generation !== 0)
                    writer.uint32(/* id 3, wireType 0 =*/24).uint32(message.generation);
                if (message.step != null && $Object.hasOwnProperty.call(message, "step") && message.step !== 0)
                    writer.uint32(/* id 4, wireType 0 =*/32).uint32(message.step);
                if (message.atMs != null && $Object.hasOwnProperty.call(message, "atMs") && !$Object.is(message.atMs, 0))
                    writer.uint32(/* id 5, wireType 1 =*/41).double(message.atMs);
                if (message.stateChanged != null && $Object.hasOwnProperty.call(message, "stateChanged"))
                    $root.sara.v1.StateChanged.encode(message.stateChanged, writer.uint32(/* id 10, wireType 2 =*/82).fork(), _depth + 1).ldelim();
                if (message.planned != null && $Object.hasOwnProperty.call(message, "planned"))
                    $root.sara.v1.Planned.encode(message.planned, writer.uint32(/* id 11, wireType 2 =*/90).fork(), _depth + 1).ldelim();
                if (message.stepCommitted != null && $Object.hasOwnProperty.call(message, "stepCommitted"))
                    $root.sara.v1.StepCommitted.encode(message.stepCommitted, writer.uint32(/* id 12, wireType 2 =*/98).fork(), _depth + 1).ldelim();
                if (message.validated != null && $Object.hasOwnProperty.call(message, "validated"))
                    $root.sara.v1.Validated.encode(message.validated, writer.uint32(/* id 13, wireType 2 =*/106).fork(), _depth + 1).ldelim();
                if (message.maskRefreshed != null && $Object.hasOwnProperty.call(message, "maskRefreshed"))
                    $root.sara.v1.MaskRefreshed.encode(message.maskRefreshed, writer.uint32(/* id 14, wireType 2 =*/114).fork(), _depth + 1).ldelim();
                if (message.checkpointed != null && $Object.hasOwnProperty.call(message, "checkpointed"))
                    $root.sara.v1.Checkpointed.encode(message.checkpointed, writer.uint32(/* id 15, wireType 2 =*/122).fork(), _depth + 1).ldelim();
                if (message.artifact != null && $Object.hasOwnProperty.call(message, "artifact"))
                    $root.sara.v1.Artifact.encode(message.artifact, writer.uint32(/* id 16, wireType 2 =*/130).fork(), _depth + 1).ldelim();
                if (message.log != null && $Object.hasOwnProperty.call(message, "log"))
                    $root.sara.v1.LogLine.encode(message.log, writer.uint32(/* id 17, wireType 2 =*/138).fork(), _depth + 1).ldelim();
                if (message.failed != null && $Object.hasOwnProperty.call(message, "failed"))
                    $root.sara.v1.RunFailed.encode(message.failed, writer.uint32(/* id 18, wireType 2 =*/146).fork(), _depth + 1).ldelim();
                if (message.encoded != null && $Object.hasOwnProperty.call(message, "encoded"))
                    $root.sara.v1.Encoded.encode(message.encoded, writer.uint32(/* id 19, wireType 2 =*/154).fork(), _depth + 1).ldelim();
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a RunEvent message from the specified reader or buffer.
             * @function decode
             * @memberof sara.v1.RunEvent
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {sara.v1.RunEvent & sara.v1.RunEvent.$Shape} RunEvent
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            RunEvent.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.sara.v1.RunEvent();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.run = value;
                            else
                                delete message.run;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.sequence = value;
                            else
                                delete message.sequence;
                            continue;
                        }
                    case 3: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.generation = value;
                            else
                                delete message.generation;
                            continue;
                        }
                    case 4: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.step = value;
                            else
                                delete message.step;
                            continue;
                        }
                    case 5: {
                            if (wireType !== 1)
                                break;
                            if (!$Object.is(value = reader.double(), 0))
                                message.atMs = value;
                            else
                                delete message.atMs;
                            continue;
                        }
                    case 10: {
                            if (wireType !== 2)
                                break;
                            message.stateChanged = $root.sara.v1.StateChanged.decode(reader, reader.size(), $undefined, _depth + 1, message.stateChanged);
                            message.body = "stateChanged";
                            continue;
                        }
                    case 11: {
                            if (wireType !== 2)
                                break;
                            message.planned = $root.sara.v1.Planned.decode(reader, reader.size(), $undefined, _depth + 1, message.planned);
                            message.body = "planned";
                            continue;
                        }
                    case 12: {
                            if (wireType !== 2)
                                break;
                            message.stepCommitted = $root.sara.v1.StepCommitted.decode(reader, reader.size(), $undefined, _depth + 1, message.stepCommitted);
                            message.body = "stepCommitted";
                            continue;
                        }
                    case 13: {
                            if (wireType !== 2)
                                break;
                            message.validated = $root.sara.v1.Validated.decode(reader, reader.size(), $undefined, _depth + 1, message.validated);
                            message.body = "validated";
                            continue;
                        }
                    case 14: {
                            if (wireType !== 2)
                                break;
                            message.maskRefreshed = $root.sara.v1.MaskRefreshed.decode(reader, reader.size(), $undefined, _depth + 1, message.maskRefreshed);
                            message.body = "maskRefreshed";
                            continue;
                        }
                    case 15: {
                            if (wireType !== 2)
                                break;
                            message.checkpointed = $root.sara.v1.Checkpointed.decode(reader, reader.size(), $undefined, _depth + 1, message.checkpointed);
                            message.body = "checkpointed";
                            continue;
                        }
                    case 16: {
                            if (wireType !== 2)
                                break;
                            message.artifact = $root.sara.v1.Artifact.decode(reader, reader.size(), $undefined, _depth + 1, message.artifact);
                            message.body = "artifact";
                            continue;
                        }
                    case 17: {
                            if (wireType !== 2)
                                break;
                            message.log = $root.sara.v1.LogLine.decode(reader, reader.size(), $undefined, _depth + 1, message.log);
                            message.body = "log";
                            continue;
                        }
                    case 18: {
                            if (wireType !== 2)
                                break;
                            message.failed = $root.sara.v1.RunFailed.decode(reader, reader.size(), $undefined, _depth + 1, message.failed);
                            message.body = "failed";
                            continue;
                        }
                    case 19: {
                            if (wireType !== 2)
                                break;
                            message.encoded = $root.sara.v1.Encoded.decode(reader, reader.size(), $undefined, _depth + 1, message.encoded);
                            message.body = "encoded";
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return RunEvent;
        })();

        v1.StateChanged = (function() {

            /**
             * Properties of a StateChanged.
             * @typedef {Object} sara.v1.StateChanged.$Properties
             * @property {sara.v1.RunState|null} [state] State from now on.
             * @property {string|null} [reason] Why, for people; may be empty.
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a StateChanged.
             * @memberof sara.v1
             * @interface IStateChanged
             * @augments sara.v1.StateChanged.$Properties
             * @deprecated Use sara.v1.StateChanged.$Properties instead.
             */

            /**
             * Shape of a StateChanged.
             * @typedef {sara.v1.StateChanged.$Properties} sara.v1.StateChanged.$Shape
             */

            /**
             * Constructs a new StateChanged.
             * @memberof sara.v1
             * @classdesc Represents a StateChanged.
             * @constructor
             * @param {sara.v1.StateChanged.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const StateChanged = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * State from now on.
             * @member {sara.v1.RunState} state
             * @memberof sara.v1.StateChanged
             * @instance
             */
            StateChanged.prototype.state = 0;

            /**
             * Why, for people; may be empty.
             * @member {string} reason
             * @memberof sara.v1.StateChanged
             * @instance
             */
            StateChanged.prototype.reason = "";

            /**
             * Creates a new StateChanged instance using the specified properties.
             * @function create
             * @memberof sara.v1.StateChanged
             * @static
             * @param {sara.v1.StateChanged.$Properties=} [properties] Properties to set
             * @returns {sara.v1.StateChanged} StateChanged instance
             * @type {{
             *   (properties: sara.v1.StateChanged.$Shape): sara.v1.StateChanged & sara.v1.StateChanged.$Shape;
             *   (properties?: sara.v1.StateChanged.$Properties): sara.v1.StateChanged;
             * }}
             */
            StateChanged.create = function(properties) {
                return new StateChanged(properties);
            };

            /**
             * Encodes the specified StateChanged message. Does not implicitly {@link sara.v1.StateChanged.verify|verify} messages.
             * @function encode
             * @memberof sara.v1.StateChanged
             * @static
             * @param {sara.v1.StateChanged.$Properties} message StateChanged message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            StateChanged.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.state != null && $Object.hasOwnProperty.call(message, "state") && message.state !== 0)
                    writer.uint32(/* id 1, wireType 0 =*/8).int32(message.state);
                if (message.reason != null && $Object.hasOwnProperty.call(message, "reason") && message.reason !== "")
                    writer.uint32(/* id 2, wireType 2 =*/18).string(message.reason);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a StateChanged message from the specified reader or buffer.
             * @function decode
             * @memberof sara.v1.StateChanged
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {sara.v1.StateChanged & sara.v1.StateChanged.$Shape} StateChanged
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            StateChanged.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.sara.v1.StateChanged();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.int32())
                                message.state = value;
                            else
                                delete message.state;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.reason = value;
                            else
                                delete message.reason;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return StateChanged;
        })();

        v1.Planned = (function() {

            /**
             * Properties of a Planned.
             * @typedef {Object} sara.v1.Planned.$Properties
             * @property {sara.v1.Plan.$Properties|null} [plan] The placement that will be used.
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a Planned.
             * @memberof sara.v1
             * @interface IPlanned
             * @augments sara.v1.Planned.$Properties
             * @deprecated Use sara.v1.Planned.$Properties instead.
             */

            /**
             * Shape of a Planned.
             * @typedef {sara.v1.Planned.$Properties} sara.v1.Planned.$Shape
             */

            /**
             * Constructs a new Planned.
             * @memberof sara.v1
             * @classdesc Represents a Planned.
             * @constructor
             * @param {sara.v1.Planned.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const Planned = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * The placement that will be used.
             * @member {sara.v1.Plan.$Properties|null|undefined} plan
             * @memberof sara.v1.Planned
             * @instance
             */
            Planned.prototype.plan = null;

            /**
             * Creates a new Planned instance using the specified properties.
             * @function create
             * @memberof sara.v1.Planned
             * @static
             * @param {sara.v1.Planned.$Properties=} [properties] Properties to set
             * @returns {sara.v1.Planned} Planned instance
             * @type {{
             *   (properties: sara.v1.Planned.$Shape): sara.v1.Planned & sara.v1.Planned.$Shape;
             *   (properties?: sara.v1.Planned.$Properties): sara.v1.Planned;
             * }}
             */
            Planned.create = function(properties) {
                return new Planned(properties);
            };

            /**
             * Encodes the specified Planned message. Does not implicitly {@link sara.v1.Planned.verify|verify} messages.
             * @function encode
             * @memberof sara.v1.Planned
             * @static
             * @param {sara.v1.Planned.$Properties} message Planned message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            Planned.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.plan != null && $Object.hasOwnProperty.call(message, "plan"))
                    $root.sara.v1.Plan.encode(message.plan, writer.uint32(/* id 1, wireType 2 =*/10).fork(), _depth + 1).ldelim();
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a Planned message from the specified reader or buffer.
             * @function decode
             * @memberof sara.v1.Planned
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {sara.v1.Planned & sara.v1.Planned.$Shape} Planned
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            Planned.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.sara.v1.Planned();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 2)
                                break;
                            message.plan = $root.sara.v1.Plan.decode(reader, reader.size(), $undefined, _depth + 1, message.plan);
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return Planned;
        })();

        v1.Encoded = (function() {

            /**
             * Properties of an Encoded.
             * @typedef {Object} sara.v1.Encoded.$Properties
             * @property {number|null} [numDone] Latents and text states that are on disk.
             * @property {number|null} [numTotal] All of them.
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of an Encoded.
             * @memberof sara.v1
             * @interface IEncoded
             * @augments sara.v1.Encoded.$Properties
             * @deprecated Use sara.v1.Encoded.$Properties instead.
             */

            /**
             * Shape of an Encoded.
             * @typedef {sara.v1.Encoded.$Properties} sara.v1.Encoded.$Shape
             */

            /**
             * Constructs a new Encoded.
             * @memberof sara.v1
             * @classdesc How far the encoding of pictures and captions is that comes before the first step.
             * @constructor
             * @param {sara.v1.Encoded.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const Encoded = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * Latents and text states that are on disk.
             * @member {number} numDone
             * @memberof sara.v1.Encoded
             * @instance
             */
            Encoded.prototype.numDone = 0;

            /**
             * All of them.
             * @member {number} numTotal
             * @memberof sara.v1.Encoded
             * @instance
             */
            Encoded.prototype.numTotal = 0;

            /**
             * Creates a new Encoded instance using the specified properties.
             * @function create
             * @memberof sara.v1.Encoded
             * @static
             * @param {sara.v1.Encoded.$Properties=} [properties] Properties to set
             * @returns {sara.v1.Encoded} Encoded instance
             * @type {{
             *   (properties: sara.v1.Encoded.$Shape): sara.v1.Encoded & sara.v1.Encoded.$Shape;
             *   (properties?: sara.v1.Encoded.$Properties): sara.v1.Encoded;
             * }}
             */
            Encoded.create = function(properties) {
                return new Encoded(properties);
            };

            /**
             * Encodes the specified Encoded message. Does not implicitly {@link sara.v1.Encoded.verify|verify} messages.
             * @function encode
             * @memberof sara.v1.Encoded
             * @static
             * @param {sara.v1.Encoded.$Properties} message Encoded message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            Encoded.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.numDone != null && $Object.hasOwnProperty.call(message, "numDone") && message.numDone !== 0)
                    writer.uint32(/* id 1, wireType 0 =*/8).uint32(message.numDone);
                if (message.numTotal != null && $Object.hasOwnProperty.call(message, "numTotal") && message.numTotal !== 0)
                    writer.uint32(/* id 2, wireType 0 =*/16).uint32(message.numTotal);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes an Encoded message from the specified reader or buffer.
             * @function decode
             * @memberof sara.v1.Encoded
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {sara.v1.Encoded & sara.v1.Encoded.$Shape} Encoded
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            Encoded.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.sara.v1.Encoded();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.numDone = value;
                            else
                                delete message.numDone;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.numTotal = value;
                            else
                                delete message.numTotal;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return Encoded;
        })();

        v1.StepCommitted = (function() {

            /**
             * Properties of a StepCommitted.
             * @typedef {Object} sara.v1.StepCommitted.$Properties
             * @property {number|null} [loss] Training loss, mean over the global batch, before the update.
             * @property {number|null} [learningRate] Learning rate of the update.
             * @property {number|null} [gradNorm] 2-norm of the compact gradient over all shards, before clipping.
             * @property {number|null} [seconds] Wall time of the step, in seconds.
             * @property {number|null} [samplesPerSecond] Examples per second over recent steps.
             * @property {number|null} [trainableCount] Weights that train now, over all shards.
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a StepCommitted.
             * @memberof sara.v1
             * @interface IStepCommitted
             * @augments sara.v1.StepCommitted.$Properties
             * @deprecated Use sara.v1.StepCommitted.$Properties instead.
             */

            /**
             * Shape of a StepCommitted.
             * @typedef {sara.v1.StepCommitted.$Properties} sara.v1.StepCommitted.$Shape
             */

            /**
             * Constructs a new StepCommitted.
             * @memberof sara.v1
             * @classdesc One optimizer update that every stage and replica has applied.
             * @constructor
             * @param {sara.v1.StepCommitted.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const StepCommitted = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * Training loss, mean over the global batch, before the update.
             * @member {number} loss
             * @memberof sara.v1.StepCommitted
             * @instance
             */
            StepCommitted.prototype.loss = 0;

            /**
             * Learning rate of the update.
             * @member {number} learningRate
             * @memberof sara.v1.StepCommitted
             * @instance
             */
            StepCommitted.prototype.learningRate = 0;

            /**
             * 2-norm of the compact gradient over all shards, before clipping.
             * @member {number} gradNorm
             * @memberof sara.v1.StepCommitted
             * @instance
             */
            StepCommitted.prototype.gradNorm = 0;

            /**
             * Wall time of the step, in seconds.
             * @member {number} seconds
             * @memberof sara.v1.StepCommitted
             * @instance
             */
            StepCommitted.prototype.seconds = 0;

            /**
             * Examples per second over recent steps.
             * @member {number} samplesPerSecond
             * @memberof sara.v1.StepCommitted
             * @instance
             */
            StepCommitted.prototype.samplesPerSecond = 0;

            /**
             * Weights that train now, over all shards.
             * @member {number} trainableCount
             * @memberof sara.v1.StepCommitted
             * @instance
             */
            StepCommitted.prototype.trainableCount = 0;

            /**
             * Creates a new StepCommitted instance using the specified properties.
             * @function create
             * @memberof sara.v1.StepCommitted
             * @static
             * @param {sara.v1.StepCommitted.$Properties=} [properties] Properties to set
             * @returns {sara.v1.StepCommitted} StepCommitted instance
             * @type {{
             *   (properties: sara.v1.StepCommitted.$Shape): sara.v1.StepCommitted & sara.v1.StepCommitted.$Shape;
             *   (properties?: sara.v1.StepCommitted.$Properties): sara.v1.StepCommitted;
             * }}
             */
            StepCommitted.create = function(properties) {
                return new StepCommitted(properties);
            };

            /**
             * Encodes the specified StepCommitted message. Does not implicitly {@link sara.v1.StepCommitted.verify|verify} messages.
             * @function encode
             * @memberof sara.v1.StepCommitted
             * @static
             * @param {sara.v1.StepCommitted.$Properties} message StepCommitted message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            StepCommitted.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.loss != null && $Object.hasOwnProperty.call(message, "loss") && !$Object.is(message.loss, 0))
                    writer.uint32(/* id 1, wireType 1 =*/9).double(message.loss);
                if (message.learningRate != null && $Object.hasOwnProperty.call(message, "learningRate") && !$Object.is(message.learningRate, 0))
                    writer.uint32(/* id 2, wireType 1 =*/17).double(message.learningRate);
                if (message.gradNorm != null && $Object.hasOwnProperty.call(message, "gradNorm") && !$Object.is(message.gradNorm, 0))
                    writer.uint32(/* id 3, wireType 1 =*/25).double(message.gradNorm);
                if (message.seconds != null && $Object.hasOwnProperty.call(message, "seconds") && !$Object.is(message.seconds, 0))
                    writer.uint32(/* id 4, wireType 1 =*/33).double(message.seconds);
                if (message.samplesPerSecond != null && $Object.hasOwnProperty.call(message, "samplesPerSecond") && !$Object.is(message.samplesPerSecond, 0))
                    writer.uint32(/* id 5, wireType 1 =*/41).double(message.samplesPerSecond);
                if (message.trainableCount != null && $Object.hasOwnProperty.call(message, "trainableCount") && message.trainableCount !== 0)
                    writer.uint32(/* id 6, wireType 0 =*/48).uint32(message.trainableCount);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a StepCommitted message from the specified reader or buffer.
             * @function decode
             * @memberof sara.v1.StepCommitted
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {sara.v1.StepCommitted & sara.v1.StepCommitted.$Shape} StepCommitted
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            StepCommitted.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.sara.v1.StepCommitted();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 1)
                                break;
                            if (!$Object.is(value = reader.double(), 0))
                                message.loss = value;
                            else
                                delete message.loss;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 1)
                                break;
                            if (!$Object.is(value = reader.double(), 0))
                                message.learningRate = value;
                            else
                                delete message.learningRate;
                            continue;
                        }
                    case 3: {
                            if (wireType !== 1)
                                break;
                            if (!$Object.is(value = reader.double(), 0))
                                message.gradNorm = value;
                            else
                                delete message.gradNorm;
                            continue;
                        }
                    case 4: {
                            if (wireType !== 1)
                                break;
                            if (!$Object.is(value = reader.double(), 0))
                                message.seconds = value;
                            else
                                delete message.seconds;
                            continue;
                        }
                    case 5: {
                            if (wireType !== 1)
                                break;
                            if (!$Object.is(value = reader.double(), 0))
                                message.samplesPerSecond = value;
                            else
                                delete message.samplesPerSecond;
                            continue;
                        }
                    case 6: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.trainableCount = value;
                            else
                                delete message.trainableCount;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return StepCommitted;
        })();

        v1.Validated = (function() {

            /**
             * Properties of a Validated.
             * @typedef {Object} sara.v1.Validated.$Properties
             * @property {number|null} [loss] Loss on the held-out examples with fixed timesteps and noise.
             * @property {number|null} [numExamples] Held-out examples it is the mean of.
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a Validated.
             * @memberof sara.v1
             * @interface IValidated
             * @augments sara.v1.Validated.$Properties
             * @deprecated Use sara.v1.Validated.$Properties instead.
             */

            /**
             * Shape of a Validated.
             * @typedef {sara.v1.Validated.$Properties} sara.v1.Validated.$Shape
             */

            /**
             * Constructs a new Validated.
             * @memberof sara.v1
             * @classdesc Represents a Validated.
             * @constructor
             * @param {sara.v1.Validated.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const Validated = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * Loss on the held-out examples with fixed timesteps and noise.
             * @member {number} loss
             * @memberof sara.v1.Validated
             * @instance
             */
            Validated.prototype.loss = 0;

            /**
             * Held-out examples it is the mean of.
             * @member {number} numExamples
             * @memberof sara.v1.Validated
             * @instance
             */
            Validated.prototype.numExamples = 0;

            /**
             * Creates a new Validated instance using the specified properties.
             * @function create
             * @memberof sara.v1.Validated
             * @static
             * @param {sara.v1.Validated.$Properties=} [properties] Properties to set
             * @returns {sara.v1.Validated} Validated instance
             * @type {{
             *   (properties: sara.v1.Validated.$Shape): sara.v1.Validated & sara.v1.Validated.$Shape;
             *   (properties?: sara.v1.Validated.$Properties): sara.v1.Validated;
             * }}
             */
            Validated.create = function(properties) {
                return new Validated(properties);
            };

            /**
             * Encodes the specified Validated message. Does not implicitly {@link sara.v1.Validated.verify|verify} messages.
             * @function encode
             * @memberof sara.v1.Validated
             * @static
             * @param {sara.v1.Validated.$Properties} message Validated message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            Validated.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.loss != null && $Object.hasOwnProperty.call(message, "loss") && !$Object.is(message.loss, 0))
                    writer.uint32(/* id 1, wireType 1 =*/9).double(message.loss);
                if (message.numExamples != null && $Object.hasOwnProperty.call(message, "numExamples") && message.numExamples !== 0)
                    writer.uint32(/* id 2, wireType 0 =*/16).uint32(message.numExamples);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a Validated message from the specified reader or buffer.
             * @function decode
             * @memberof sara.v1.Validated
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {sara.v1.Validated & sara.v1.Validated.$Shape} Validated
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            Validated.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.sara.v1.Validated();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 1)
                                break;
                            if (!$Object.is(value = reader.double(), 0))
                                message.loss = value;
                            else
                                delete message.loss;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.numExamples = value;
                            else
                                delete message.numExamples;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return Validated;
        })();

        v1.MaskRefreshed = (function() {

            /**
             * Properties of a MaskRefreshed.
             * @typedef {Object} sara.v1.MaskRefreshed.$Properties
             * @property {number|null} [stage] 1: the first selection. 2: after the re-selection.
             * @property {number|null} [trainableCount] Weights that train from now on.
             * @property {number|null} [releasedCount] Weights that stopped training here and keep their value.
             * @property {string|null} [digest] SHA-256 of the whole mask, 64 hexadecimal digits.
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a MaskRefreshed.
             * @memberof sara.v1
             * @interface IMaskRefreshed
             * @augments sara.v1.MaskRefreshed.$Properties
             * @deprecated Use sara.v1.MaskRefreshed.$Properties instead.
             */

            /**
             * Shape of a MaskRefreshed.
             * @typedef {sara.v1.MaskRefreshed.$Properties} sara.v1.MaskRefreshed.$Shape
             */

            /**
             * Constructs a new MaskRefreshed.
             * @memberof sara.v1
             * @classdesc Represents a MaskRefreshed.
             * @constructor
             * @param {sara.v1.MaskRefreshed.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const MaskRefreshed = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * 1: the first selection. 2: after the re-selection.
             * @member {number} stage
             * @memberof sara.v1.MaskRefreshed
             * @instance
             */
            MaskRefreshed.prototype.stage = 0;

            /**
             * Weights that train from now on.
             * @member {number} trainableCount
             * @memberof sara.v1.MaskRefreshed
             * @instance
             */
            MaskRefreshed.prototype.trainableCount = 0;

            /**
             * Weights that stopped training here and keep their value.
             * @member {number} releasedCount
             * @memberof sara.v1.MaskRefreshed
             * @instance
             */
            MaskRefreshed.prototype.releasedCount = 0;

            /**
             * SHA-256 of the whole mask, 64 hexadecimal digits.
             * @member {string} digest
             * @memberof sara.v1.MaskRefreshed
             * @instance
             */
            MaskRefreshed.prototype.digest = "";

            /**
             * Creates a new MaskRefreshed instance using the specified properties.
             * @function create
             * @memberof sara.v1.MaskRefreshed
             * @static
             * @param {sara.v1.MaskRefreshed.$Properties=} [properties] Properties to set
             * @returns {sara.v1.MaskRefreshed} MaskRefreshed instance
             * @type {{
             *   (properties: sara.v1.MaskRefreshed.$Shape): sara.v1.MaskRefreshed & sara.v1.MaskRefreshed.$Shape;
             *   (properties?: sara.v1.MaskRefreshed.$Properties): sara.v1.MaskRefreshed;
             * }}
             */
            MaskRefreshed.create = function(properties) {
                return new MaskRefreshed(properties);
            };

            /**
             * Encodes the specified MaskRefreshed message. Does not implicitly {@link sara.v1.MaskRefreshed.verify|verify} messages.
             * @function encode
             * @memberof sara.v1.MaskRefreshed
             * @static
             * @param {sara.v1.MaskRefreshed.$Properties} message MaskRefreshed message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            MaskRefreshed.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.stage != null && $Object.hasOwnProperty.call(message, "stage") && message.stage !== 0)
                    writer.uint32(/* id 1, wireType 0 =*/8).uint32(message.stage);
                if (message.trainableCount != null && $Object.hasOwnProperty.call(message, "trainableCount") && message.trainableCount !== 0)
                    writer.uint32(/* id 2, wireType 0 =*/16).uint32(message.trainableCount);
                if (message.releasedCount != null && $Object.hasOwnProperty.call(message, "releasedCount") && message.releasedCount !== 0)
                    writer.uint32(/* id 3, wireType 0 =*/24).uint32(message.releasedCount);
                if (message.digest != null && $Object.hasOwnProperty.call(message, "digest") && message.digest !== "")
                    writer.uint32(/* id 4, wireType 2 =*/34).string(message.digest);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a MaskRefreshed message from the specified reader or buffer.
             * @function decode
             * @memberof sara.v1.MaskRefreshed
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {sara.v1.MaskRefreshed & sara.v1.MaskRefreshed.$Shape} MaskRefreshed
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            MaskRefreshed.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.sara.v1.MaskRefreshed();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.stage = value;
                            else
                                delete message.stage;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.trainableCount = value;
                            else
                                delete message.trainableCount;
                            continue;
                        }
                    case 3: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.releasedCount = value;
                            else
                                delete message.releasedCount;
                            continue;
                        }
                    case 4: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.digest = value;
                            else
                                delete message.digest;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return MaskRefreshed;
        })();

        v1.Checkpointed = (function() {

            /**
             * Properties of a Checkpointed.
             * @typedef {Object} sara.v1.Checkpointed.$Properties
             * @property {string|null} [path] Folder of the checkpoint as the writing process sees it.
             * @property {number|null} [sizeBytes] Bytes written.
             * @property {string|null} [digest] SHA-256 of its manifest, 64 hexadecimal digits.
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a Checkpointed.
             * @memberof sara.v1
             * @interface ICheckpointed
             * @augments sara.v1.Checkpointed.$Properties
             * @deprecated Use sara.v1.Checkpointed.$Properties instead.
             */

            /**
             * Shape of a Checkpointed.
             * @typedef {sara.v1.Checkpointed.$Properties} sara.v1.Checkpointed.$Shape
             */

            /**
             * Constructs a new Checkpointed.
             * @memberof sara.v1
             * @classdesc Represents a Checkpointed.
             * @constructor
             * @param {sara.v1.Checkpointed.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const Checkpointed = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * Folder of the checkpoint as the writing process sees it.
             * @member {string} path
             * @memberof sara.v1.Checkpointed
             * @instance
             */
            Checkpointed.prototype.path = "";

            /**
             * Bytes written.
             * @member {number} sizeBytes
             * @memberof sara.v1.Checkpointed
             * @instance
             */
            Checkpointed.prototype.sizeBytes = 0;

            /**
             * SHA-256 of its manifest, 64 hexadecimal digits.
             * @member {string} digest
             * @memberof sara.v1.Checkpointed
             * @instance
             */
            Checkpointed.prototype.digest = "";

            /**
             * Creates a new Checkpointed instance using the specified properties.
             * @function create
             * @memberof sara.v1.Checkpointed
             * @static
             * @param {sara.v1.Checkpointed.$Properties=} [properties] Properties to set
             * @returns {sara.v1.Checkpointed} Checkpointed instance
             * @type {{
             *   (properties: sara.v1.Checkpointed.$Shape): sara.v1.Checkpointed & sara.v1.Checkpointed.$Shape;
             *   (properties?: sara.v1.Checkpointed.$Properties): sara.v1.Checkpointed;
             * }}
             */
            Checkpointed.create = function(properties) {
                return new Checkpointed(properties);
            };

            /**
             * Encodes the specified Checkpointed message. Does not implicitly {@link sara.v1.Checkpointed.verify|verify} messages.
             * @function encode
             * @memberof sara.v1.Checkpointed
             * @static
             * @param {sara.v1.Checkpointed.$Properties} message Checkpointed message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            Checkpointed.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.path != null && $Object.hasOwnProperty.call(message, "path") && message.path !== "")
                    writer.uint32(/* id 1, wireType 2 =*/10).string(message.path);
                if (message.sizeBytes != null && $Object.hasOwnProperty.call(message, "sizeBytes") && !$Object.is(message.sizeBytes, 0))
                    writer.uint32(/* id 2, wireType 1 =*/17).double(message.sizeBytes);
                if (message.digest != null && $Object.hasOwnProperty.call(message, "digest") && message.digest !== "")
                    writer.uint32(/* id 3, wireType 2 =*/26).string(message.digest);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a Checkpointed message from the specified reader or buffer.
             * @function decode
             * @memberof sara.v1.Checkpointed
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {sara.v1.Checkpointed & sara.v1.Checkpointed.$Shape} Checkpointed
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            Checkpointed.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.sara.v1.Checkpointed();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.path = value;
                            else
                                delete message.path;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 1)
                                break;
                            if (!$Object.is(value = reader.double(), 0))
                                message.sizeBytes = value;
                            else
                                delete message.sizeBytes;
                            continue;
                        }
                    case 3: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.digest = value;
                            else
                                delete message.digest;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return Checkpointed;
        })();

        v1.Artifact = (function() {

            /**
             * Properties of an Artifact.
             * @typedef {Object} sara.v1.Artifact.$Properties
             * @property {string|null} [name] What it is: "adapter", "merged-model", "samples", "loss-curve", "report".
             * @property {string|null} [path] Where it is, as the writing process sees it.
             * @property {string|null} [mediaType] IANA media type.
             * @property {number|null} [sizeBytes] Bytes written.
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of an Artifact.
             * @memberof sara.v1
             * @interface IArtifact
             * @augments sara.v1.Artifact.$Properties
             * @deprecated Use sara.v1.Artifact.$Properties instead.
             */

            /**
             * Shape of an Artifact.
             * @typedef {sara.v1.Artifact.$Properties} sara.v1.Artifact.$Shape
             */

            /**
             * Constructs a new Artifact.
             * @memberof sara.v1
             * @classdesc A file the run leaves for its user.
             * @constructor
             * @param {sara.v1.Artifact.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const Artifact = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * What it is: "adapter", "merged-model", "samples", "loss-curve", "report".
             * @member {string} name
             * @memberof sara.v1.Artifact
             * @instance
             */
            Artifact.prototype.name = "";

            /**
             * Where it is, as the writing process sees it.
             * @member {string} path
             * @memberof sara.v1.Artifact
             * @instance
             */
            Artifact.prototype.path = "";

            /**
             * IANA media type.
             * @member {string} mediaType
             * @memberof sara.v1.Artifact
             * @instance
             */
            Artifact.prototype.mediaType = "";

            /**
             * Bytes written.
             * @member {number} sizeBytes
             * @memberof sara.v1.Artifact
             * @instance
             */
            Artifact.prototype.sizeBytes = 0;

            /**
             * Creates a new Artifact instance using the specified properties.
             * @function create
             * @memberof sara.v1.Artifact
             * @static
             * @param {sara.v1.Artifact.$Properties=} [properties] Properties to set
             * @returns {sara.v1.Artifact} Artifact instance
             * @type {{
             *   (properties: sara.v1.Artifact.$Shape): sara.v1.Artifact & sara.v1.Artifact.$Shape;
             *   (properties?: sara.v1.Artifact.$Properties): sara.v1.Artifact;
             * }}
             */
            Artifact.create = function(properties) {
                return new Artifact(properties);
            };

            /**
             * Encodes the specified Artifact message. Does not implicitly {@link sara.v1.Artifact.verify|verify} messages.
             * @function encode
             * @memberof sara.v1.Artifact
             * @static
             * @param {sara.v1.Artifact.$Properties} message Artifact message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            Artifact.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.name != null && $Object.hasOwnProperty.call(message, "name") && message.name !== "")
                    writer.uint32(/* id 1, wireType 2 =*/10).string(message.name);
                if (message.path != null && $Object.hasOwnProperty.call(message, "path") && message.path !== "")
                    writer.uint32(/* id 2, wireType 2 =*/18).string(message.path);
                if (message.mediaType != null && $Object.hasOwnProperty.call(message, "mediaType") && message.mediaType !== "")
                    writer.uint32(/* id 3, wireType 2 =*/26).string(message.mediaType);
                if (message.sizeBytes != null && $Object.hasOwnProperty.call(message, "sizeBytes") && !$Object.is(message.sizeBytes, 0))
                    writer.uint32(/* id 4, wireType 1 =*/33).double(message.sizeBytes);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes an Artifact message from the specified reader or buffer.
             * @function decode
             * @memberof sara.v1.Artifact
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {sara.v1.Artifact & sara.v1.Artifact.$Shape} Artifact
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            Artifact.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.sara.v1.Artifact();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.name = value;
                            else
                                delete message.name;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.path = value;
                            else
                                delete message.path;
                            continue;
                        }
                    case 3: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.mediaType = value;
                            else
                                delete message.mediaType;
                            continue;
                        }
                    case 4: {
                            if (wireType !== 1)
                                break;
                            if (!$Object.is(value = reader.double(), 0))
                                message.sizeBytes = value;
                            else
                                delete message.sizeBytes;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return Artifact;
        })();

        /**
         * LogLevel enum.
         * @name sara.v1.LogLevel
         * @enum {number}
         * @property {number} LOG_LEVEL_UNSPECIFIED=0 Never sent.
         * @property {number} LOG_LEVEL_INFO=1 LOG_LEVEL_INFO value
         * @property {number} LOG_LEVEL_WARN=2 LOG_LEVEL_WARN value
         * @property {number} LOG_LEVEL_ERROR=3 LOG_LEVEL_ERROR value
         */
        v1.LogLevel = (function() {
            const valuesById = $Object.create(null), values = $Object.create(valuesById);
            values[valuesById[0] = "LOG_LEVEL_UNSPECIFIED"] = 0;
            values[valuesById[1] = "LOG_LEVEL_INFO"] = 1;
            values[valuesById[2] = "LOG_LEVEL_WARN"] = 2;
            values[valuesById[3] = "LOG_LEVEL_ERROR"] = 3;
            return values;
        })();

        v1.LogLine = (function() {

            /**
             * Properties of a LogLine.
             * @typedef {Object} sara.v1.LogLine.$Properties
             * @property {sara.v1.LogLevel|null} [level] How much it matters.
             * @property {string|null} [message] The line, for people.
             * @property {string|null} [worker] Worker it came from; empty: the coordinator.
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a LogLine.
             * @memberof sara.v1
             * @interface ILogLine
             * @augments sara.v1.LogLine.$Properties
             * @deprecated Use sara.v1.LogLine.$Properties instead.
             */

            /**
             * Shape of a LogLine.
             * @typedef {sara.v1.LogLine.$Properties} sara.v1.LogLine.$Shape
             */

            /**
             * Constructs a new LogLine.
             * @memberof sara.v1
             * @classdesc Represents a LogLine.
             * @constructor
             * @param {sara.v1.LogLine.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const LogLine = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * How much it matters.
             * @member {sara.v1.LogLevel} level
             * @memberof sara.v1.LogLine
             * @instance
             */
            LogLine.prototype.level = 0;

            /**
             * The line, for people.
             * @member {string} message
             * @memberof sara.v1.LogLine
             * @instance
             */
            LogLine.prototype.message = "";

            /**
             * Worker it came from; empty: the coordinator.
             * @member {string} worker
             * @memberof sara.v1.LogLine
             * @instance
             */
            LogLine.prototype.worker = "";

            /**
             * Creates a new LogLine instance using the specified properties.
             * @function create
             * @memberof sara.v1.LogLine
             * @static
             * @param {sara.v1.LogLine.$Properties=} [properties] Properties to set
             * @returns {sara.v1.LogLine} LogLine instance
             * @type {{
             *   (properties: sara.v1.LogLine.$Shape): sara.v1.LogLine & sara.v1.LogLine.$Shape;
             *   (properties?: sara.v1.LogLine.$Properties): sara.v1.LogLine;
             * }}
             */
            LogLine.create = function(properties) {
                return new LogLine(properties);
            };

            /**
             * Encodes the specified LogLine message. Does not implicitly {@link sara.v1.LogLine.verify|verify} messages.
             * @function encode
             * @memberof sara.v1.LogLine
             * @static
             * @param {sara.v1.LogLine.$Properties} message LogLine message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            LogLine.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.level != null && $Object.hasOwnProperty.call(message, "level") && message.level !== 0)
                    writer.uint32(/* id 1, wireType 0 =*/8).int32(message.level);
                if (message.message != null && $Object.hasOwnProperty.call(message, "message") && message.message !== "")
                    writer.uint32(/* id 2, wireType 2 =*/18).string(message.message);
                if (message.worker != null && $Object.hasOwnProperty.call(message, "worker") && message.worker !== "")
                    writer.uint32(/* id 3, wireType 2 =*/26).string(message.worker);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a LogLine message from the specified reader or buffer.
             * @function decode
             * @memberof sara.v1.LogLine
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {sara.v1.LogLine & sara.v1.LogLine.$Shape} LogLine
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            LogLine.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.sara.v1.LogLine();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.int32())
                                message.level = value;
                            else
                                delete message.level;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.message = value;
                            else
                                delete message.message;
                            continue;
                        }
                    case 3: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.worker = value;
                            else
                                delete message.worker;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return LogLine;
        })();

        v1.RunFailed = (function() {

            /**
             * Properties of a RunFailed.
             * @typedef {Object} sara.v1.RunFailed.$Properties
             * @property {string|null} [code] A code of shared/errors.ts.
             * @property {string|null} [message] What failed and what to do.
             * @property {string|null} [worker] Worker it happened on; empty: the coordinator.
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a RunFailed.
             * @memberof sara.v1
             * @interface IRunFailed
             * @augments sara.v1.RunFailed.$Properties
             * @deprecated Use sara.v1.RunFailed.$Properties instead.
             */

            /**
             * Shape of a RunFailed.
             * @typedef {sara.v1.RunFailed.$Properties} sara.v1.RunFailed.$Shape
             */

            /**
             * Constructs a new RunFailed.
             * @memberof sara.v1
             * @classdesc Represents a RunFailed.
             * @constructor
             * @param {sara.v1.RunFailed.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const RunFailed = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * A code of shared/errors.ts.
             * @member {string} code
             * @memberof sara.v1.RunFailed
             * @instance
             */
            RunFailed.prototype.code = "";

            /**
             * What failed and what to do.
             * @member {string} message
             * @memberof sara.v1.RunFailed
             * @instance
             */
            RunFailed.prototype.message = "";

            /**
             * Worker it happened on; empty: the coordinator.
             * @member {string} worker
             * @memberof sara.v1.RunFailed
             * @instance
             */
            RunFailed.prototype.worker = "";

            /**
             * Creates a new RunFailed instance using the specified properties.
             * @function create
             * @memberof sara.v1.RunFailed
             * @static
             * @param {sara.v1.RunFailed.$Properties=} [properties] Properties to set
             * @returns {sara.v1.RunFailed} RunFailed instance
             * @type {{
             *   (properties: sara.v1.RunFailed.$Shape): sara.v1.RunFailed & sara.v1.RunFailed.$Shape;
             *   (properties?: sara.v1.RunFailed.$Properties): sara.v1.RunFailed;
             * }}
             */
            RunFailed.create = function(properties) {
                return new RunFailed(properties);
            };

            /**
             * Encodes the specified RunFailed message. Does not implicitly {@link sara.v1.RunFailed.verify|verify} messages.
             * @function encode
             * @memberof sara.v1.RunFailed
             * @static
             * @param {sara.v1.RunFailed.$Properties} message RunFailed message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            RunFailed.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.code != null && $Object.hasOwnProperty.call(message, "code") && message.code !== "")
                    writer.uint32(/* id 1, wireType 2 =*/10).string(message.code);
                if (message.message != null && $Object.hasOwnProperty.call(message, "message") && message.message !== "")
                    writer.uint32(/* id 2, wireType 2 =*/18).string(message.message);
                if (message.worker != null && $Object.hasOwnProperty.call(message, "worker") && message.worker !== "")
                    writer.uint32(/* id 3, wireType 2 =*/26).string(message.worker);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a RunFailed message from the specified reader or buffer.
             * @function decode
             * @memberof sara.v1.RunFailed
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {sara.v1.RunFailed & sara.v1.RunFailed.$Shape} RunFailed
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            RunFailed.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.sara.v1.RunFailed();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.code = value;
                            else
                                delete message.code;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.message = value;
                            else
                                delete message.message;
                            continue;
                        }
                    case 3: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.worker = value;
                            else
                                delete message.worker;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return RunFailed;
        })();

        v1.Plan = (function() {

            /**
             * Properties of a Plan.
             * @typedef {Object} sara.v1.Plan.$Properties
             * @property {number|null} [numStages] Pipeline stages of one replica, from 1.
             * @property {number|null} [numReplicas] Pipelines that work on parts of the same global batch, from 1.
             * @property {Array.<sara.v1.PlannedStage.$Properties>|null} [stages] One entry per stage and replica, by replica, then stage.
             * @property {string|null} [text] The same as a table for people, lines separated by LF.
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a Plan.
             * @memberof sara.v1
             * @interface IPlan
             * @augments sara.v1.Plan.$Properties
             * @deprecated Use sara.v1.Plan.$Properties instead.
             */

            /**
             * Shape of a Plan.
             * @typedef {sara.v1.Plan.$Properties} sara.v1.Plan.$Shape
             */

            /**
             * Constructs a new Plan.
             * @memberof sara.v1
             * @classdesc Represents a Plan.
             * @constructor
             * @param {sara.v1.Plan.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const Plan = function (properties) {
                this.stages = [];
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * Pipeline stages of one replica, from 1.
             * @member {number} numStages
             * @memberof sara.v1.Plan
             * @instance
             */
            Plan.prototype.numStages = 0;

            /**
             * Pipelines that work on parts of the same global batch, from 1.
             * @member {number} numReplicas
             * @memberof sara.v1.Plan
             * @instance
             */
            Plan.prototype.numReplicas = 0;

            /**
             * One entry per stage and replica, by replica, then stage.
             * @member {Array.<sara.v1.PlannedStage.$Properties>} stages
             * @memberof sara.v1.Plan
             * @instance
             */
            Plan.prototype.stages = $util.emptyArray;

            /**
             * The same as a table for people, lines separated by LF.
             * @member {string} text
             * @memberof sara.v1.Plan
             * @instance
             */
            Plan.prototype.text = "";

            /**
             * Creates a new Plan instance using the specified properties.
             * @function create
             * @memberof sara.v1.Plan
             * @static
             * @param {sara.v1.Plan.$Properties=} [properties] Properties to set
             * @returns {sara.v1.Plan} Plan instance
             * @type {{
             *   (properties: sara.v1.Plan.$Shape): sara.v1.Plan & sara.v1.Plan.$Shape;
             *   (properties?: sara.v1.Plan.$Properties): sara.v1.Plan;
             * }}
             */
            Plan.create = function(properties) {
                return new Plan(properties);
            };

            /**
             * Encodes the specified Plan message. Does not implicitly {@link sara.v1.Plan.verify|verify} messages.
             * @function encode
             * @memberof sara.v1.Plan
             * @static
             * @param {sara.v1.Plan.$Properties} message Plan message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            Plan.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.numStages != null && $Object.hasOwnProperty.call(message, "numStages") && message.numStages !== 0)
                    writer.uint32(/* id 1, wireType 0 =*/8).uint32(message.numStages);
                if (message.numReplicas != null && $Object.hasOwnProperty.call(message, "numReplicas") && message.numReplicas !== 0)
                    writer.uint32(/* id 2, wireType 0 =*/16).uint32(message.numReplicas);
                if (message.stages != null && message.stages.length)
                    for (let i = 0; i < message.stages.length; ++i)
                        $root.sara.v1.PlannedStage.encode(message.stages[i], writer.uint32(/* id 3, wireType 2 =*/26).fork(), _depth + 1).ldelim();
                if (message.text != null && $Object.hasOwnProperty.call(message, "text") && message.text !== "")
                    writer.uint32(/* id 4, wireType 2 =*/34).string(message.text);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a Plan message from the specified reader or buffer.
             * @function decode
             * @memberof sara.v1.Plan
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {sara.v1.Plan & sara.v1.Plan.$Shape} Plan
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            Plan.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.sara.v1.Plan();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.numStages = value;
                            else
                                delete message.numStages;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.numReplicas = value;
                            else
                                delete message.numReplicas;
                            continue;
                        }
                    case 3: {
                            if (wireType !== 2)
                                break;
                            if (!(message.stages && message.stages.length))
                                message.stages = [];
                            message.stages.push($root.sara.v1.PlannedStage.decode(reader, reader.size(), $undefined, _depth + 1));
                            continue;
                        }
                    case 4: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.text = value;
                            else
                                delete message.text;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return Plan;
        })();

        v1.PlannedStage = (function() {

            /**
             * Properties of a PlannedStage.
             * @typedef {Object} sara.v1.PlannedStage.$Properties
             * @property {number|null} [stage] Pipeline position, from 0.
             * @property {number|null} [replica] Replica, from 0.
             * @property {string|null} [worker] Name of the worker that holds it; empty while the plan is not placed.
             * @property {Array.<string>|null} [blocks] Names of the UNet blocks in execution order. Folded: an encoder block and its decoder twin are together,
             * so the blocks of one stage need not be adjacent.
             * @property {number|null} [parameterBytes] Bytes of the frozen weights of these blocks as the engine holds them.
             * @property {number|null} [activationBytes] Peak bytes of activations for the micro-batches in flight.
             * @property {number|null} [flops] Floating-point operations of one micro-batch, forward and backward.
             * @property {number|null} [seconds] Estimated time of one micro-batch, forward and backward, in seconds.
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a PlannedStage.
             * @memberof sara.v1
             * @interface IPlannedStage
             * @augments sara.v1.PlannedStage.$Properties
             * @deprecated Use sara.v1.PlannedStage.$Properties instead.
             */

            /**
             * Shape of a PlannedStage.
             * @typedef {sara.v1.PlannedStage.$Properties} sara.v1.PlannedStage.$Shape
             */

            /**
             * Constructs a new PlannedStage.
             * @memberof sara.v1
             * @classdesc Represents a PlannedStage.
             * @constructor
             * @param {sara.v1.PlannedStage.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const PlannedStage = function (properties) {
                this.blocks = [];
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * Pipeline position, from 0.
             * @member {number} stage
             * @memberof sara.v1.PlannedStage
             * @instance
             */
            PlannedStage.prototype.stage = 0;

            /**
             * Replica, from 0.
             * @member {number} replica
             * @memberof sara.v1.PlannedStage
             * @instance
             */
            PlannedStage.prototype.replica = 0;

            /**
             * Name of the worker that holds it; empty while the plan is not placed.
             * @member {string} worker
             * @memberof sara.v1.PlannedStage
             * @instance
             */
            PlannedStage.prototype.worker = "";

            /**
             * Names of the UNet blocks in execution order. Folded: an encoder block and its decoder twin are together,
             * so the blocks of one stage need not be adjacent.
             * @member {Array.<string>} blocks
             * @memberof sara.v1.PlannedStage
             * @instance
             */
            PlannedStage.prototype.blocks = $util.emptyArray;

            /**
             * Bytes of the frozen weights of these blocks as the engine holds them.
             * @member {number} parameterBytes
             * @memberof sara.v1.PlannedStage
             * @instance
             */
            PlannedStage.prototype.parameterBytes = 0;

            /**
             * Peak bytes of activations for the micro-batches in flight.
             * @member {number} activationBytes
             * @memberof sara.v1.PlannedStage
             * @instance
             */
            PlannedStage.prototype.activationBytes = 0;

            /**
             * Floating-point operations of one micro-batch, forward and backward.
             * @member {number} flops
             * @memberof sara.v1.PlannedStage
             * @instance
             */
            PlannedStage.prototype.flops = 0;

            /**
             * Estimated time of one micro-batch, forward and backward, in seconds.
             * @member {number} seconds
             * @memberof sara.v1.PlannedStage
             * @instance
             */
            PlannedStage.prototype.seconds = 0;

            /**
             * Creates a new PlannedStage instance using the specified properties.
             * @function create
             * @memberof sara.v1.PlannedStage
             * @static
             * @param {sara.v1.PlannedStage.$Properties=} [properties] Properties to set
             * @returns {sara.v1.PlannedStage} PlannedStage instance
             * @type {{
             *   (properties: sara.v1.PlannedStage.$Shape): sara.v1.PlannedStage & sara.v1.PlannedStage.$Shape;
             *   (properties?: sara.v1.PlannedStage.$Properties): sara.v1.PlannedStage;
             * }}
             */
            PlannedStage.create = function(properties) {
                return new PlannedStage(properties);
            };

            /**
             * Encodes the specified PlannedStage message. Does not implicitly {@link sara.v1.PlannedStage.verify|verify} messages.
             * @function encode
             * @memberof sara.v1.PlannedStage
             * @static
             * @param {sara.v1.PlannedStage.$Properties} message PlannedStage message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            PlannedStage.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.stage != null && $Object.hasOwnProperty.call(message, "stage") && message.stage !== 0)
                    writer.uint32(/* id 1, wireType 0 =*/8).uint32(message.stage);
                if (message.replica != null && $Object.hasOwnProperty.call(message, "replica") && message.replica !== 0)
                    writer.uint32(/* id 2, wireType 0 =*/16).uint32(message.replica);
                if (message.worker != null && $Object.hasOwnProperty.call(message, "worker") && message.worker !== "")
                    writer.uint32(/* id 3, wireType 2 =*/26).string(message.worker);
                if (message.blocks != null && message.blocks.length)
                    for (let i = 0; i < message.blocks.length; ++i)
                        writer.uint32(/* id 4, wireType 2 =*/34).string(message.blocks[i]);
                if (message.parameterBytes != null && $Object.hasOwnProperty.call(message, "parameterBytes") && !$Object.is(message.parameterBytes, 0))
                    writer.uint32(/* id 5, wireType 1 =*/41).double(message.parameterBytes);
                if (message.activationBytes != null && $Object.hasOwnProperty.call(message, "activationBytes") && !$Object.is(message.activationBytes, 0))
                    writer.uint32(/* id 6, wireType 1 =*/49).double(message.activationBytes);
                if (message.flops != null && $Object.hasOwnProperty.call(message, "flops") && !$Object.is(message.flops, 0))
                    writer.uint32(/* id 7, wireType 1 =*/57).double(message.flops);
                if (message.seconds != null && $Object.hasOwnProperty.call(message, "seconds") && !$Object.is(message.seconds, 0))
                    writer.uint32(/* id 8, wireType 1 =*/65).double(message.seconds);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a PlannedStage message from the specified reader or buffer.
             * @function decode
             * @memberof sara.v1.PlannedStage
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {sara.v1.PlannedStage & sara.v1.PlannedStage.$Shape} PlannedStage
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            PlannedStage.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.sara.v1.PlannedStage();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.stage = value;
                            else
                                delete message.stage;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.replica = value;
                            else
                                delete message.replica;
                            continue;
                        }
                    case 3: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.worker = value;
                            else
                                delete message.worker;
                            continue;
                        }
                    case 4: {
                            if (wireType !== 2)
                                break;
                            if (!(message.blocks && message.blocks.length))
                                message.blocks = [];
                            message.blocks.push(reader.stringVerify());
                            continue;
                        }
                    case 5: {
                            if (wireType !== 1)
                                break;
                            if (!$Object.is(value = reader.double(), 0))
                                message.parameterBytes = value;
                            else
                                delete message.parameterBytes;
                            continue;
                        }
                    case 6: {
                            if (wireType !== 1)
                                break;
                            if (!$Object.is(value = reader.double(), 0))
                                message.activationBytes = value;
                            else
                                delete message.activationBytes;
                            continue;
                        }
                    case 7: {
                            if (wireType !== 1)
                                break;
                            if (!$Object.is(value = reader.double(), 0))
                                message.flops = value;
                            else
                                delete message.flops;
                            continue;
                        }
                    case 8: {
                            if (wireType !== 1)
                                break;
                            if (!$Object.is(value = reader.double(), 0))
                                message.seconds = value;
                            else
                                delete message.seconds;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return PlannedStage;
        })();

        v1.SubmitRunRequest = (function() {

            /**
             * Properties of a SubmitRunRequest.
             * @typedef {Object} sara.v1.SubmitRunRequest.$Properties
             * @property {Uint8Array|null} [configJson] The whole run configuration as UTF-8 JSON, fields as documented in shared/config. Set by the client.
             * @property {string|null} [baseDirectory] Absolute folder against which the configuration's relative paths are resolved. Set by the client.
             * @property {number|null} [priority] Of the runs that wait, the one with the highest is next, [-1000, 1000]. Set by the client.
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a SubmitRunRequest.
             * @memberof sara.v1
             * @interface ISubmitRunRequest
             * @augments sara.v1.SubmitRunRequest.$Properties
             * @deprecated Use sara.v1.SubmitRunRequest.$Properties instead.
             */

            /**
             * Shape of a SubmitRunRequest.
             * @typedef {sara.v1.SubmitRunRequest.$Properties} sara.v1.SubmitRunRequest.$Shape
             */

            /**
             * Constructs a new SubmitRunRequest.
             * @memberof sara.v1
             * @classdesc Represents a SubmitRunRequest.
             * @constructor
             * @param {sara.v1.SubmitRunRequest.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const SubmitRunRequest = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * The whole run configuration as UTF-8 JSON, fields as documented in shared/config. Set by the client.
             * @member {Uint8Array} configJson
             * @memberof sara.v1.SubmitRunRequest
             * @instance
             */
            SubmitRunRequest.prototype.configJson = $util.newBuffer([]);

            /**
             * Absolute folder against which the configuration's relative paths are resolved. Set by the client.
             * @member {string} baseDirectory
             * @memberof sara.v1.SubmitRunRequest
             * @instance
             */
            SubmitRunRequest.prototype.baseDirectory = "";

            /**
             * Of the runs that wait, the one with the highest is next, [-1000, 1000]. Set by the client.
             * @member {number} priority
             * @memberof sara.v1.SubmitRunRequest
             * @instance
             */
            SubmitRunRequest.prototype.priority = 0;

            /**
             * Creates a new SubmitRunRequest instance using the specified properties.
             * @function create
             * @memberof sara.v1.SubmitRunRequest
             * @static
             * @param {sara.v1.SubmitRunRequest.$Properties=} [properties] Properties to set
             * @returns {sara.v1.SubmitRunRequest} SubmitRunRequest instance
             * @type {{
             *   (properties: sara.v1.SubmitRunRequest.$Shape): sara.v1.SubmitRunRequest & sara.v1.SubmitRunRequest.$Shape;
             *   (properties?: sara.v1.SubmitRunRequest.$Properties): sara.v1.SubmitRunRequest;
             * }}
             */
            SubmitRunRequest.create = function(properties) {
                return new SubmitRunRequest(properties);
            };

            /**
             * Encodes the specified SubmitRunRequest message. Does not implicitly {@link sara.v1.SubmitRunRequest.verify|verify} messages.
             * @function encode
             * @memberof sara.v1.SubmitRunRequest
             * @static
             * @param {sara.v1.SubmitRunRequest.$Properties} message SubmitRunRequest message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            SubmitRunRequest.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.configJson != null && $Object.hasOwnProperty.call(message, "configJson") && message.configJson.length)
                    writer.uint32(/* id 1, wireType 2 =*/10).bytes(message.configJson);
                if (message.baseDirectory != null && $Object.hasOwnProperty.call(message, "baseDirectory") && message.baseDirectory !== "")
                    writer.uint32(/* id 2, wireType 2 =*/18).string(message.baseDirectory);
                if (message.priority != null && $Object.hasOwnProperty.call(message, "priority") && message.priority !== 0)
                    writer.uint32(/* id 3, wireType 0 =*/24).sint32(message.priority);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a SubmitRunRequest message from the specified reader or buffer.
             * @function decode
             * @memberof sara.v1.SubmitRunRequest
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {sara.v1.SubmitRunRequest & sara.v1.SubmitRunRequest.$Shape} SubmitRunRequest
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            SubmitRunRequest.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.sara.v1.SubmitRunRequest();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.bytes()).length)
                                message.configJson = value;
                            else
                                delete message.configJson;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.baseDirectory = value;
                            else
                                delete message.baseDirectory;
                            continue;
                        }
                    case 3: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.sint32())
                                message.priority = value;
                            else
                                delete message.priority;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return SubmitRunRequest;
        })();

        v1.SubmitRunReply = (function() {

            /**
             * Properties of a SubmitRunReply.
             * @typedef {Object} sara.v1.SubmitRunReply.$Properties
             * @property {string|null} [run] Name of the new run, chosen by the coordinator.
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a SubmitRunReply.
             * @memberof sara.v1
             * @interface ISubmitRunReply
             * @augments sara.v1.SubmitRunReply.$Properties
             * @deprecated Use sara.v1.SubmitRunReply.$Properties instead.
             */

            /**
             * Shape of a SubmitRunReply.
             * @typedef {sara.v1.SubmitRunReply.$Properties} sara.v1.SubmitRunReply.$Shape
             */

            /**
             * Constructs a new SubmitRunReply.
             * @memberof sara.v1
             * @classdesc Represents a SubmitRunReply.
             * @constructor
             * @param {sara.v1.SubmitRunReply.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const SubmitRunReply = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * Name of the new run, chosen by the coordinator.
             * @member {string} run
             * @memberof sara.v1.SubmitRunReply
             * @instance
             */
            SubmitRunReply.prototype.run = "";

            /**
             * Creates a new SubmitRunReply instance using the specified properties.
             * @function create
             * @memberof sara.v1.SubmitRunReply
             * @static
             * @param {sara.v1.SubmitRunReply.$Properties=} [properties] Properties to set
             * @returns {sara.v1.SubmitRunReply} SubmitRunReply instance
             * @type {{
             *   (properties: sara.v1.SubmitRunReply.$Shape): sara.v1.SubmitRunReply & sara.v1.SubmitRunReply.$Shape;
             *   (properties?: sara.v1.SubmitRunReply.$Properties): sara.v1.SubmitRunReply;
             * }}
             */
            SubmitRunReply.create = function(properties) {
                return new SubmitRunReply(properties);
            };

            /**
             * Encodes the specified SubmitRunReply message. Does not implicitly {@link sara.v1.SubmitRunReply.verify|verify} messages.
             * @function encode
             * @memberof sara.v1.SubmitRunReply
             * @static
             * @param {sara.v1.SubmitRunReply.$Properties} message SubmitRunReply message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            SubmitRunReply.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.run != null && $Object.hasOwnProperty.call(message, "run") && message.run !== "")
                    writer.uint32(/* id 1, wireType 2 =*/10).string(message.run);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a SubmitRunReply message from the specified reader or buffer.
             * @function decode
             * @memberof sara.v1.SubmitRunReply
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {sara.v1.SubmitRunReply & sara.v1.SubmitRunReply.$Shape} SubmitRunReply
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            SubmitRunReply.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.sara.v1.SubmitRunReply();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.run = value;
                            else
                                delete message.run;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return SubmitRunReply;
        })();

        v1.GetRunRequest = (function() {

            /**
             * Properties of a GetRunRequest.
             * @typedef {Object} sara.v1.GetRunRequest.$Properties
             * @property {string|null} [run] Name of the run.
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a GetRunRequest.
             * @memberof sara.v1
             * @interface IGetRunRequest
             * @augments sara.v1.GetRunRequest.$Properties
             * @deprecated Use sara.v1.GetRunRequest.$Properties instead.
             */

            /**
             * Shape of a GetRunRequest.
             * @typedef {sara.v1.GetRunRequest.$Properties} sara.v1.GetRunRequest.$Shape
             */

            /**
             * Constructs a new GetRunRequest.
             * @memberof sara.v1
             * @classdesc Represents a GetRunRequest.
             * @constructor
             * @param {sara.v1.GetRunRequest.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const GetRunRequest = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * Name of the run.
             * @member {string} run
             * @memberof sara.v1.GetRunRequest
             * @instance
             */
            GetRunRequest.prototype.run = "";

            /**
             * Creates a new GetRunRequest instance using the specified properties.
             * @function create
             * @memberof sara.v1.GetRunRequest
             * @static
             * @param {sara.v1.GetRunRequest.$Properties=} [properties] Properties to set
             * @returns {sara.v1.GetRunRequest} GetRunRequest instance
             * @type {{
             *   (properties: sara.v1.GetRunRequest.$Shape): sara.v1.GetRunRequest & sara.v1.GetRunRequest.$Shape;
             *   (properties?: sara.v1.GetRunRequest.$Properties): sara.v1.GetRunRequest;
             * }}
             */
            GetRunRequest.create = function(properties) {
                return new GetRunRequest(properties);
            };

            /**
             * Encodes the specified GetRunRequest message. Does not implicitly {@link sara.v1.GetRunRequest.verify|verify} messages.
             * @function encode
             * @memberof sara.v1.GetRunRequest
             * @static
             * @param {sara.v1.GetRunRequest.$Properties} message GetRunRequest message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            GetRunRequest.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.run != null && $Object.hasOwnProperty.call(message, "run") && message.run !== "")
                    writer.uint32(/* id 1, wireType 2 =*/10).string(message.run);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a GetRunRequest message from the specified reader or buffer.
             * @function decode
             * @memberof sara.v1.GetRunRequest
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {sara.v1.GetRunRequest & sara.v1.GetRunRequest.$Shape} GetRunRequest
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            GetRunRequest.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.sara.v1.GetRunRequest();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.run = value;
                            else
                                delete message.run;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return GetRunRequest;
        })();

        v1.ListRunsRequest = (function() {

            /**
             * Properties of a ListRunsRequest.
             * @typedef {Object} sara.v1.ListRunsRequest.$Properties
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a ListRunsRequest.
             * @memberof sara.v1
             * @interface IListRunsRequest
             * @augments sara.v1.ListRunsRequest.$Properties
             * @deprecated Use sara.v1.ListRunsRequest.$Properties instead.
             */

            /**
             * Shape of a ListRunsRequest.
             * @typedef {sara.v1.ListRunsRequest.$Properties} sara.v1.ListRunsRequest.$Shape
             */

            /**
             * Constructs a new ListRunsRequest.
             * @memberof sara.v1
             * @classdesc Represents a ListRunsRequest.
             * @constructor
             * @param {sara.v1.ListRunsRequest.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const ListRunsRequest = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * Creates a new ListRunsRequest instance using the specified properties.
             * @function create
             * @memberof sara.v1.ListRunsRequest
             * @static
             * @param {sara.v1.ListRunsRequest.$Properties=} [properties] Properties to set
             * @returns {sara.v1.ListRunsRequest} ListRunsRequest instance
             * @type {{
             *   (properties: sara.v1.ListRunsRequest.$Shape): sara.v1.ListRunsRequest & sara.v1.ListRunsRequest.$Shape;
             *   (properties?: sara.v1.ListRunsRequest.$Properties): sara.v1.ListRunsRequest;
             * }}
             */
            ListRunsRequest.create = function(properties) {
                return new ListRunsRequest(properties);
            };

            /**
             * Encodes the specified ListRunsRequest message. Does not implicitly {@link sara.v1.ListRunsRequest.verify|verify} messages.
             * @function encode
             * @memberof sara.v1.ListRunsRequest
             * @static
             * @param {sara.v1.ListRunsRequest.$Properties} message ListRunsRequest message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            ListRunsRequest.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a ListRunsRequest message from the specified reader or buffer.
             * @function decode
             * @memberof sara.v1.ListRunsRequest
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {sara.v1.ListRunsRequest & sara.v1.ListRunsRequest.$Shape} ListRunsRequest
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            ListRunsRequest.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.sara.v1.ListRunsRequest();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    reader.skipType(tag & 7, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return ListRunsRequest;
        })();

        v1.ListRunsReply = (function() {

            /**
             * Properties of a ListRunsReply.
             * @typedef {Object} sara.v1.ListRunsReply.$Properties
             * @property {Array.<sara.v1.RunSummary.$Properties>|null} [runs] Runs, the newest first.
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a ListRunsReply.
             * @memberof sara.v1
             * @interface IListRunsReply
             * @augments sara.v1.ListRunsReply.$Properties
             * @deprecated Use sara.v1.ListRunsReply.$Properties instead.
             */

            /**
             * Shape of a ListRunsReply.
             * @typedef {sara.v1.ListRunsReply.$Properties} sara.v1.ListRunsReply.$Shape
             */

            /**
             * Constructs a new ListRunsReply.
             * @memberof sara.v1
             * @classdesc Represents a ListRunsReply.
             * @constructor
             * @param {sara.v1.ListRunsReply.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const ListRunsReply = function (properties) {
                this.runs = [];
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * Runs, the newest first.
             * @member {Array.<sara.v1.RunSummary.$Properties>} runs
             * @memberof sara.v1.ListRunsReply
             * @instance
             */
            ListRunsReply.prototype.runs = $util.emptyArray;

            /**
             * Creates a new ListRunsReply instance using the specified properties.
             * @function create
             * @memberof sara.v1.ListRunsReply
             * @static
             * @param {sara.v1.ListRunsReply.$Properties=} [properties] Properties to set
             * @returns {sara.v1.ListRunsReply} ListRunsReply instance
             * @type {{
             *   (properties: sara.v1.ListRunsReply.$Shape): sara.v1.ListRunsReply & sara.v1.ListRunsReply.$Shape;
             *   (properties?: sara.v1.ListRunsReply.$Properties): sara.v1.ListRunsReply;
             * }}
             */
            ListRunsReply.create = function(properties) {
                return new ListRunsReply(properties);
            };

            /**
             * Encodes the specified ListRunsReply message. Does not implicitly {@link sara.v1.ListRunsReply.verify|verify} messages.
             * @function encode
             * @memberof sara.v1.ListRunsReply
             * @static
             * @param {sara.v1.ListRunsReply.$Properties} message ListRunsReply message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            ListRunsReply.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.runs != null && message.runs.length)
                    for (let i = 0; i < message.runs.length; ++i)
                        $root.sara.v1.RunSummary.encode(message.runs[i], writer.uint32(/* id 1, wireType 2 =*/10).fork(), _depth + 1).ldelim();
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a ListRunsReply message from the specified reader or buffer.
             * @function decode
             * @memberof sara.v1.ListRunsReply
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {sara.v1.ListRunsReply & sara.v1.ListRunsReply.$Shape} ListRunsReply
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            ListRunsReply.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.sara.v1.ListRunsReply();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 2)
                                break;
                            if (!(message.runs && message.runs.length))
                                message.runs = [];
                            message.runs.push($root.sara.v1.RunSummary.decode(reader, reader.size(), $undefined, _depth + 1));
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return ListRunsReply;
        })();

        v1.CancelRunRequest = (function() {

            /**
             * Properties of a CancelRunRequest.
             * @typedef {Object} sara.v1.CancelRunRequest.$Properties
             * @property {string|null} [run] Name of the run.
             * @property {string|null} [reason] Why, for the run's history; may be empty.
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a CancelRunRequest.
             * @memberof sara.v1
             * @interface ICancelRunRequest
             * @augments sara.v1.CancelRunRequest.$Properties
             * @deprecated Use sara.v1.CancelRunRequest.$Properties instead.
             */

            /**
             * Shape of a CancelRunRequest.
             * @typedef {sara.v1.CancelRunRequest.$Properties} sara.v1.CancelRunRequest.$Shape
             */

            /**
             * Constructs a new CancelRunRequest.
             * @memberof sara.v1
             * @classdesc Represents a CancelRunRequest.
             * @constructor
             * @param {sara.v1.CancelRunRequest.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const CancelRunRequest = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * Name of the run.
             * @member {string} run
             * @memberof sara.v1.CancelRunRequest
             * @instance
             */
            CancelRunRequest.prototype.run = "";

            /**
             * Why, for the run's history; may be empty.
             * @member {string} reason
             * @memberof sara.v1.CancelRunRequest
             * @instance
             */
            CancelRunRequest.prototype.reason = "";

            /**
             * Creates a new CancelRunRequest instance using the specified properties.
             * @function create
             * @memberof sara.v1.CancelRunRequest
             * @static
             * @param {sara.v1.CancelRunRequest.$Properties=} [properties] Properties to set
             * @returns {sara.v1.CancelRunRequest} CancelRunRequest instance
             * @type {{
             *   (properties: sara.v1.CancelRunRequest.$Shape): sara.v1.CancelRunRequest & sara.v1.CancelRunRequest.$Shape;
             *   (properties?: sara.v1.CancelRunRequest.$Properties): sara.v1.CancelRunRequest;
             * }}
             */
            CancelRunRequest.create = function(properties) {
                return new CancelRunRequest(properties);
            };

            /**
             * Encodes the specified CancelRunRequest message. Does not implicitly {@link sara.v1.CancelRunRequest.verify|verify} messages.
             * @function encode
             * @memberof sara.v1.CancelRunRequest
             * @static
             * @param {sara.v1.CancelRunRequest.$Properties} message CancelRunRequest message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            CancelRunRequest.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.run != null && $Object.hasOwnProperty.call(message, "run") && message.run !== "")
                    writer.uint32(/* id 1, wireType 2 =*/10).string(message.run);
                if (message.reason != null && $Object.hasOwnProperty.call(message, "reason") && message.reason !== "")
                    writer.uint32(/* id 2, wireType 2 =*/18).string(message.reason);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a CancelRunRequest message from the specified reader or buffer.
             * @function decode
             * @memberof sara.v1.CancelRunRequest
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {sara.v1.CancelRunRequest & sara.v1.CancelRunRequest.$Shape} CancelRunRequest
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            CancelRunRequest.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.sara.v1.CancelRunRequest();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.run = value;
                            else
                                delete message.run;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.reason = value;
                            else
                                delete message.reason;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return CancelRunRequest;
        })();

        v1.ResumeRunRequest = (function() {

            /**
             * Properties of a ResumeRunRequest.
             * @typedef {Object} sara.v1.ResumeRunRequest.$Properties
             * @property {string|null} [run] Name of the run.
             * @property {Array.<string>|null} [set] Fields of its configuration to set otherwise, "path=value" each. Set by the client.
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a ResumeRunRequest.
             * @memberof sara.v1
             * @interface IResumeRunRequest
             * @augments sara.v1.ResumeRunRequest.$Properties
             * @deprecated Use sara.v1.ResumeRunRequest.$Properties instead.
             */

            /**
             * Shape of a ResumeRunRequest.
             * @typedef {sara.v1.ResumeRunRequest.$Properties} sara.v1.ResumeRunRequest.$Shape
             */

            /**
             * Constructs a new ResumeRunRequest.
             * @memberof sara.v1
             * @classdesc Represents a ResumeRunRequest.
             * @constructor
             * @param {sara.v1.ResumeRunRequest.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const ResumeRunRequest = function (properties) {
                this.set = [];
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * Name of the run.
             * @member {string} run
             * @memberof sara.v1.ResumeRunRequest
             * @instance
             */
            ResumeRunRequest.prototype.run = "";

            /**
             * Fields of its configuration to set otherwise, "path=value" each. Set by the client.
             * @member {Array.<string>} set
             * @memberof sara.v1.ResumeRunRequest
             * @instance
             */
            ResumeRunRequest.prototype.set = $util.emptyArray;

            /**
             * Creates a new ResumeRunRequest instance using the specified properties.
             * @function create
             * @memberof sara.v1.ResumeRunRequest
             * @static
             * @param {sara.v1.ResumeRunRequest.$Properties=} [properties] Properties to set
             * @returns {sara.v1.ResumeRunRequest} ResumeRunRequest instance
             * @type {{
             *   (properties: sara.v1.ResumeRunRequest.$Shape): sara.v1.ResumeRunRequest & sara.v1.ResumeRunRequest.$Shape;
             *   (properties?: sara.v1.ResumeRunRequest.$Properties): sara.v1.ResumeRunRequest;
             * }}
             */
            ResumeRunRequest.create = function(properties) {
                return new ResumeRunRequest(properties);
            };

            /**
             * Encodes the specified ResumeRunRequest message. Does not implicitly {@link sara.v1.ResumeRunRequest.verify|verify} messages.
             * @function encode
             * @memberof sara.v1.ResumeRunRequest
             * @static
             * @param {sara.v1.ResumeRunRequest.$Properties} message ResumeRunRequest message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            ResumeRunRequest.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.run != null && $Object.hasOwnProperty.call(message, "run") && message.run !== "")
                    writer.uint32(/* id 1, wireType 2 =*/10).string(message.run);
                if (message.set != null && message.set.length)
                    for (let i = 0; i < message.set.length; ++i)
                        writer.uint32(/* id 2, wireType 2 =*/18).string(message.set[i]);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a ResumeRunRequest message from the specified reader or buffer.
             * @function decode
             * @memberof sara.v1.ResumeRunRequest
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {sara.v1.ResumeRunRequest & sara.v1.ResumeRunRequest.$Shape} ResumeRunRequest
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            ResumeRunRequest.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.sara.v1.ResumeRunRequest();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.run = value;
                            else
                                delete message.run;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 2)
                                break;
                            if (!(message.set && message.set.length))
                                message.set = [];
                            message.set.push(reader.stringVerify());
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return ResumeRunRequest;
        })();

        v1.WatchRunRequest = (function() {

            /**
             * Properties of a WatchRunRequest.
             * @typedef {Object} sara.v1.WatchRunRequest.$Properties
             * @property {string|null} [run] Name of the run.
             * @property {number|null} [fromSequence] First event wanted, from 1; 0 means from the beginning.
             * @property {boolean|null} [historyOnly] Whether to end with what has happened so far, instead of waiting for more. Set by the client.
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a WatchRunRequest.
             * @memberof sara.v1
             * @interface IWatchRunRequest
             * @augments sara.v1.WatchRunRequest.$Properties
             * @deprecated Use sara.v1.WatchRunRequest.$Properties instead.
             */

            /**
             * Shape of a WatchRunRequest.
             * @typedef {sara.v1.WatchRunRequest.$Properties} sara.v1.WatchRunRequest.$Shape
             */

            /**
             * Constructs a new WatchRunRequest.
             * @memberof sara.v1
             * @classdesc Represents a WatchRunRequest.
             * @constructor
             * @param {sara.v1.WatchRunRequest.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const WatchRunRequest = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * Name of the run.
             * @member {string} run
             * @memberof sara.v1.WatchRunRequest
             * @instance
             */
            WatchRunRequest.prototype.run = "";

            /**
             * First event wanted, from 1; 0 means from the beginning.
             * @member {number} fromSequence
             * @memberof sara.v1.WatchRunRequest
             * @instance
             */
            WatchRunRequest.prototype.fromSequence = 0;

            /**
             * Whether to end with what has happened so far, instead of waiting for more. Set by the client.
             * @member {boolean} historyOnly
             * @memberof sara.v1.WatchRunRequest
             * @instance
             */
            WatchRunRequest.prototype.historyOnly = false;

            /**
             * Creates a new WatchRunRequest instance using the specified properties.
             * @function create
             * @memberof sara.v1.WatchRunRequest
             * @static
             * @param {sara.v1.WatchRunRequest.$Properties=} [properties] Properties to set
             * @returns {sara.v1.WatchRunRequest} WatchRunRequest instance
             * @type {{
             *   (properties: sara.v1.WatchRunRequest.$Shape): sara.v1.WatchRunRequest & sara.v1.WatchRunRequest.$Shape;
             *   (properties?: sara.v1.WatchRunRequest.$Properties): sara.v1.WatchRunRequest;
             * }}
             */
            WatchRunRequest.create = function(properties) {
                return new WatchRunRequest(properties);
            };

            /**
             * Encodes the specified WatchRunRequest message. Does not implicitly {@link sara.v1.WatchRunRequest.verify|verify} messages.
             * @function encode
             * @memberof sara.v1.WatchRunRequest
             * @static
             * @param {sara.v1.WatchRunRequest.$Properties} message WatchRunRequest message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            WatchRunRequest.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.run != null && $Object.hasOwnProperty.call(message, "run") && message.run !== "")
                    writer.uint32(/* id 1, wireType 2 =*/10).string(message.run);
                if (message.fromSequence != null && $Object.hasOwnProperty.call(message, "fromSequence") && message.fromSequence !== 0)
                    writer.uint32(/* id 2, wireType 0 =*/16).uint32(message.fromSequence);
                if (message.historyOnly != null && $Object.hasOwnProperty.call(message, "historyOnly") && message.historyOnly !== false)
                    writer.uint32(/* id 3, wireType 0 =*/24).bool(message.historyOnly);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a WatchRunRequest message from the specified reader or buffer.
             * @function decode
             * @memberof sara.v1.WatchRunRequest
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {sara.v1.WatchRunRequest & sara.v1.WatchRunRequest.$Shape} WatchRunRequest
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            WatchRunRequest.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.sara.v1.WatchRunRequest();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.run = value;
                            else
                                delete message.run;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.fromSequence = value;
                            else
                                delete message.fromSequence;
                            continue;
                        }
                    case 3: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.bool())
                                message.historyOnly = value;
                            else
                                delete message.historyOnly;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return WatchRunRequest;
        })();

        v1.RunSummary = (function() {

            /**
             * Properties of a RunSummary.
             * @typedef {Object} sara.v1.RunSummary.$Properties
             * @property {string|null} [run] Name of the run.
             * @property {string|null} [name] Name its author gave it.
             * @property {sara.v1.RunState|null} [state] State the run is in now.
             * @property {number|null} [step] Steps committed.
             * @property {number|null} [totalSteps] Steps the configuration asks for.
             * @property {number|null} [generation] Generation of the worker group, from 1; 0 before there is one.
             * @property {number|null} [loss] Loss of the last committed step; absent before the first.
             * @property {number|null} [createdAtMs] Submitted at, in milliseconds since 1970-01-01 UTC.
             * @property {number|null} [updatedAtMs] Last change at, in milliseconds since 1970-01-01 UTC.
             * @property {sara.v1.RunFailed.$Properties|null} [failure] Present when the state is RUN_STATE_FAILED.
             * @property {number|null} [priority] Of the runs that wait, the one with the highest is next.
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a RunSummary.
             * @memberof sara.v1
             * @interface IRunSummary
             * @augments sara.v1.RunSummary.$Properties
             * @deprecated Use sara.v1.RunSummary.$Properties instead.
             */

            /**
             * Shape of a RunSummary.
             * @typedef {sara.v1.RunSummary.$Properties} sara.v1.RunSummary.$Shape
             */

            /**
             * Constructs a new RunSummary.
             * @memberof sara.v1
             * @classdesc Represents a RunSummary.
             * @constructor
             * @param {sara.v1.RunSummary.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const RunSummary = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * Name of the run.
             * @member {string} run
             * @memberof sara.v1.RunSummary
             * @instance
             */
            RunSummary.prototype.run = "";

            /**
             * Name its author gave it.
             * @member {string} name
             * @memberof sara.v1.RunSummary
             * @instance
             */
            RunSummary.prototype.name = "";

            /**
             * State the run is in now.
             * @member {sara.v1.RunState} state
             * @memberof sara.v1.RunSummary
             * @instance
             */
            RunSummary.prototype.state = 0;

            /**
             * Steps committed.
             * @member {number} step
             * @memberof sara.v1.RunSummary
             * @instance
             */
            RunSummary.prototype.step = 0;

            /**
             * Steps the configuration asks for.
             * @member {number} totalSteps
             * @memberof sara.v1.RunSummary
             * @instance
             */
            RunSummary.prototype.totalSteps = 0;

            /**
             * Generation of the worker group, from 1; 0 before there is one.
             * @member {number} generation
             * @memberof sara.v1.RunSummary
             * @instance
             */
            RunSummary.prototype.generation = 0;

            /**
             * Loss of the last committed step; absent before the first.
             * @member {number|null|undefined} loss
             * @memberof sara.v1.RunSummary
             * @instance
             */
            RunSummary.prototype.loss = null;

            /**
             * Submitted at, in milliseconds since 1970-01-01 UTC.
             * @member {number} createdAtMs
             * @memberof sara.v1.RunSummary
             * @instance
             */
            RunSummary.prototype.createdAtMs = 0;

            /**
             * Last change at, in milliseconds since 1970-01-01 UTC.
             * @member {number} updatedAtMs
             * @memberof sara.v1.RunSummary
             * @instance
             */
            RunSummary.prototype.updatedAtMs = 0;

            /**
             * Present when the state is RUN_STATE_FAILED.
             * @member {sara.v1.RunFailed.$Properties|null|undefined} failure
             * @memberof sara.v1.RunSummary
             * @instance
             */
            RunSummary.prototype.failure = null;

            /**
             * Of the runs that wait, the one with the highest is next.
             * @member {number} priority
             * @memberof sara.v1.RunSummary
             * @instance
             */
            RunSummary.prototype.priority = 0;

            // OneOf field names bound to virtual getters and setters
            let $oneOfFields;

            // Virtual OneOf for proto3 optional field
            $Object.defineProperty(RunSummary.prototype, "_loss", {
                get: $util.oneOfGetter($oneOfFields = ["loss"]),
                set: $util.oneOfSetter($oneOfFields)
            });

            /**
             * Creates a new RunSummary instance using the specified properties.
             * @function create
             * @memberof sara.v1.RunSummary
             * @static
             * @param {sara.v1.RunSummary.$Properties=} [properties] Properties to set
             * @returns {sara.v1.RunSummary} RunSummary instance
             * @type {{
             *   (properties: sara.v1.RunSummary.$Shape): sara.v1.RunSummary & sara.v1.RunSummary.$Shape;
             *   (properties?: sara.v1.RunSummary.$Properties): sara.v1.RunSummary;
             * }}
             */
            RunSummary.create = function(properties) {
                return new RunSummary(properties);
            };

            /**
             * Encodes the specified RunSummary message. Does not implicitly {@link sara.v1.RunSummary.verify|verify} messages.
             * @function encode
             * @memberof sara.v1.RunSummary
             * @static
             * @param {sara.v1.RunSummary.$Properties} message RunSummary message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            RunSummary.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.run != null && $Object.hasOwnProperty.call(message, "run") && message.run !== "")
                    writer.uint32(/* id 1, wireType 2 =*/10).string(message.run);
                if (message.name != null && $Object.hasOwnProperty.call(message, "name") && message.name !== "")
                    writer.uint32(/* id 2, wireType 2 =*/18).string(message.name);
                if (message.state != null && $Object.hasOwnProperty.call(message, "state") && message.state !== 0)
                    writer.uint32(/* id 3, wireType 0 =*/24).int32(message.state);
                if (message.step != null && $Object.hasOwnProperty.call(message, "step") && message.step !== 0)
                    writer.uint32(/* id 4, wireType 0 =*/32).uint32(message.step);
                if (message.totalSteps != null && $Object.hasOwnProperty.call(message, "totalSteps") && message.totalSteps !== 0)
                    writer.uint32(/* id 5, wireType 0 =*/40).uint32(message.totalSteps);
                if (message.generation != null && $Object.hasOwnProperty.call(message, "generation") && message.generation !== 0)
                    writer.uint32(/* id 6, wireType 0 =*/48).uint32(message.generation);
                if (message.loss != null && $Object.hasOwnProperty.call(message, "loss"))
                    writer.uint32(/* id 7, wireType 1 =*/57).double(message.loss);
                if (message.createdAtMs != null && $Object.hasOwnProperty.call(message, "createdAtMs") && !$Object.is(message.createdAtMs, 0))
                    writer.uint32(/* id 8, wireType 1 =*/65).double(message.createdAtMs);
                if (message.updatedAtMs != null && $Object.hasOwnProperty.call(message, "updatedAtMs") && !$Object.is(message.updatedAtMs, 0))
                    writer.uint32(/* id 9, wireType 1 =*/73).double(message.updatedAtMs);
                if (message.failure != null && $Object.hasOwnProperty.call(message, "failure"))
                    $root.sara.v1.RunFailed.encode(message.failure, writer.uint32(/* id 10, wireType 2 =*/82).fork(), _depth + 1).ldelim();
                if (message.priority != null && $Object.hasOwnProperty.call(message, "priority") && message.priority !== 0)
                    writer.uint32(/* id 11, wireType 0 =*/88).sint32(message.priority);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a RunSummary message from the specified reader or buffer.
             * @function decode
             * @memberof sara.v1.RunSummary
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {sara.v1.RunSummary & sara.v1.RunSummary.$Shape} RunSummary
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            RunSummary.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.sara.v1.RunSummary();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.run = value;
                            else
                                delete message.run;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.name = value;
                            else
                                delete message.name;
                            continue;
                        }
                    case 3: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.int32())
                                message.state = value;
                            else
                                delete message.state;
                            continue;
                        }
                    case 4: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.step = value;
                            else
                                delete message.step;
                            continue;
                        }
                    case 5: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.totalSteps = value;
                            else
                                delete message.totalSteps;
                            continue;
                        }
                    case 6: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.generation = value;
                            else
                                delete message.generation;
                            continue;
                        }
                    case 7: {
                            if (wireType !== 1)
                                break;
                            message.loss = reader.double();
                            message._loss = "loss";
                            continue;
                        }
                    case 8: {
                            if (wireType !== 1)
                                break;
                            if (!$Object.is(value = reader.double(), 0))
                                message.createdAtMs = value;
                            else
                                delete message.createdAtMs;
                            continue;
                        }
                    case 9: {
                            if (wireType !== 1)
                                break;
                            if (!$Object.is(value = reader.double(), 0))
                                message.updatedAtMs = value;
                            else
                                delete message.updatedAtMs;
                            continue;
                        }
                    case 10: {
                            if (wireType !== 2)
                                break;
                            message.failure = $root.sara.v1.RunFailed.decode(reader, reader.size(), $undefined, _depth + 1, message.failure);
                            continue;
                        }
                    case 11: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.sint32())
                                message.priority = value;
                            else
                                delete message.priority;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return RunSummary;
        })();

        v1.ListWorkersRequest = (function() {

            /**
             * Properties of a ListWorkersRequest.
             * @typedef {Object} sara.v1.ListWorkersRequest.$Properties
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a ListWorkersRequest.
             * @memberof sara.v1
             * @interface IListWorkersRequest
             * @augments sara.v1.ListWorkersRequest.$Properties
             * @deprecated Use sara.v1.ListWorkersRequest.$Properties instead.
             */

            /**
             * Shape of a ListWorkersRequest.
             * @typedef {sara.v1.ListWorkersRequest.$Properties} sara.v1.ListWorkersRequest.$Shape
             */

            /**
             * Constructs a new ListWorkersRequest.
             * @memberof sara.v1
             * @classdesc Represents a ListWorkersRequest.
             * @constructor
             * @param {sara.v1.ListWorkersRequest.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const ListWorkersRequest = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * Creates a new ListWorkersRequest instance using the specified properties.
             * @function create
             * @memberof sara.v1.ListWorkersRequest
             * @static
             * @param {sara.v1.ListWorkersRequest.$Properties=} [properties] Properties to set
             * @returns {sara.v1.ListWorkersRequest} ListWorkersRequest instance
             * @type {{
             *   (properties: sara.v1.ListWorkersRequest.$Shape): sara.v1.ListWorkersRequest & sara.v1.ListWorkersRequest.$Shape;
             *   (properties?: sara.v1.ListWorkersRequest.$Properties): sara.v1.ListWorkersRequest;
             * }}
             */
            ListWorkersRequest.create = function(properties) {
                return new ListWorkersRequest(properties);
            };

            /**
             * Encodes the specified ListWorkersRequest message. Does not implicitly {@link sara.v1.ListWorkersRequest.verify|verify} messages.
             * @function encode
             * @memberof sara.v1.ListWorkersRequest
             * @static
             * @param {sara.v1.ListWorkersRequest.$Properties} message ListWorkersRequest message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            ListWorkersRequest.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a ListWorkersRequest message from the specified reader or buffer.
             * @function decode
             * @memberof sara.v1.ListWorkersRequest
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {sara.v1.ListWorkersRequest & sara.v1.ListWorkersRequest.$Shape} ListWorkersRequest
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            ListWorkersRequest.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.sara.v1.ListWorkersRequest();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    reader.skipType(tag & 7, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return ListWorkersRequest;
        })();

        v1.ListWorkersReply = (function() {

            /**
             * Properties of a ListWorkersReply.
             * @typedef {Object} sara.v1.ListWorkersReply.$Properties
             * @property {Array.<sara.v1.WorkerSummary.$Properties>|null} [workers] Ordered by name.
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a ListWorkersReply.
             * @memberof sara.v1
             * @interface IListWorkersReply
             * @augments sara.v1.ListWorkersReply.$Properties
             * @deprecated Use sara.v1.ListWorkersReply.$Properties instead.
             */

            /**
             * Shape of a ListWorkersReply.
             * @typedef {sara.v1.ListWorkersReply.$Properties} sara.v1.ListWorkersReply.$Shape
             */

            /**
             * Constructs a new ListWorkersReply.
             * @memberof sara.v1
             * @classdesc Represents a ListWorkersReply.
             * @constructor
             * @param {sara.v1.ListWorkersReply.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const ListWorkersReply = function (properties) {
                this.workers = [];
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * Ordered by name.
             * @member {Array.<sara.v1.WorkerSummary.$Properties>} workers
             * @memberof sara.v1.ListWorkersReply
             * @instance
             */
            ListWorkersReply.prototype.workers = $util.emptyArray;

            /**
             * Creates a new ListWorkersReply instance using the specified properties.
             * @function create
             * @memberof sara.v1.ListWorkersReply
             * @static
             * @param {sara.v1.ListWorkersReply.$Properties=} [properties] Properties to set
             * @returns {sara.v1.ListWorkersReply} ListWorkersReply instance
             * @type {{
             *   (properties: sara.v1.ListWorkersReply.$Shape): sara.v1.ListWorkersReply & sara.v1.ListWorkersReply.$Shape;
             *   (properties?: sara.v1.ListWorkersReply.$Properties): sara.v1.ListWorkersReply;
             * }}
             */
            ListWorkersReply.create = function(properties) {
                return new ListWorkersReply(properties);
            };

            /**
             * Encodes the specified ListWorkersReply message. Does not implicitly {@link sara.v1.ListWorkersReply.verify|verify} messages.
             * @function encode
             * @memberof sara.v1.ListWorkersReply
             * @static
             * @param {sara.v1.ListWorkersReply.$Properties} message ListWorkersReply message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            ListWorkersReply.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.workers != null && message.workers.length)
                    for (let i = 0; i < message.workers.length; ++i)
                        $root.sara.v1.WorkerSummary.encode(message.workers[i], writer.uint32(/* id 1, wireType 2 =*/10).fork(), _depth + 1).ldelim();
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a ListWorkersReply message from the specified reader or buffer.
             * @function decode
             * @memberof sara.v1.ListWorkersReply
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {sara.v1.ListWorkersReply & sara.v1.ListWorkersReply.$Shape} ListWorkersReply
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            ListWorkersReply.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.sara.v1.ListWorkersReply();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 2)
                                break;
                            if (!(message.workers && message.workers.length))
                                message.workers = [];
                            message.workers.push($root.sara.v1.WorkerSummary.decode(reader, reader.size(), $undefined, _depth + 1));
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return ListWorkersReply;
        })();

        /**
         * WorkerState enum.
         * @name sara.v1.WorkerState
         * @enum {number}
         * @property {number} WORKER_STATE_UNSPECIFIED=0 Never sent.
         * @property {number} WORKER_STATE_IDLE=1 Holds no actors.
         * @property {number} WORKER_STATE_BUSY=2 Holds actors of a run.
         * @property {number} WORKER_STATE_DRAINING=3 Takes no new actors and leaves when its present ones are gone.
         * @property {number} WORKER_STATE_LOST=4 Its lease has ended.
         */
        v1.WorkerState = (function() {
            const valuesById = $Object.create(null), values = $Object.create(valuesById);
            values[valuesById[0] = "WORKER_STATE_UNSPECIFIED"] = 0;
            values[valuesById[1] = "WORKER_STATE_IDLE"] = 1;
            values[valuesById[2] = "WORKER_STATE_BUSY"] = 2;
            values[valuesById[3] = "WORKER_STATE_DRAINING"] = 3;
            values[valuesById[4] = "WORKER_STATE_LOST"] = 4;
            return values;
        })();

        v1.WorkerSummary = (function() {

            /**
             * Properties of a WorkerSummary.
             * @typedef {Object} sara.v1.WorkerSummary.$Properties
             * @property {string|null} [name] Name of the worker.
             * @property {string|null} [address] host:port of its actor host.
             * @property {sara.v1.WorkerState|null} [state] State the worker is in now.
             * @property {string|null} [device] What it computes on: "cpu", or the name of the GPU.
             * @property {number|null} [memoryBytes] Memory that actors may use, in bytes.
             * @property {number|null} [memoryUsedBytes] Memory reserved by actors, in bytes.
             * @property {string|null} [run] Run its actors belong to; empty when idle.
             * @property {number|null} [leaseAgeMs] Time since its lease was last renewed, in milliseconds.
             * @property {string|null} [version] Version of its software.
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a WorkerSummary.
             * @memberof sara.v1
             * @interface IWorkerSummary
             * @augments sara.v1.WorkerSummary.$Properties
             * @deprecated Use sara.v1.WorkerSummary.$Properties instead.
             */

            /**
             * Shape of a WorkerSummary.
             * @typedef {sara.v1.WorkerSummary.$Properties} sara.v1.WorkerSummary.$Shape
             */

            /**
             * Constructs a new WorkerSummary.
             * @memberof sara.v1
             * @classdesc Represents a WorkerSummary.
             * @constructor
             * @param {sara.v1.WorkerSummary.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const WorkerSummary = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * Name of the worker.
             * @member {string} name
             * @memberof sara.v1.WorkerSummary
             * @instance
             */
            WorkerSummary.prototype.name = "";

            /**
             * host:port of its actor host.
             * @member {string} address
             * @memberof sara.v1.WorkerSummary
             * @instance
             */
            WorkerSummary.prototype.address = "";

            /**
             * State the worker is in now.
             * @member {sara.v1.WorkerState} state
             * @memberof sara.v1.WorkerSummary
             * @instance
             */
            WorkerSummary.prototype.state = 0;

            /**
             * What it computes on: "cpu", or the name of the GPU.
             * @member {string} device
             * @memberof sara.v1.WorkerSummary
             * @instance
             */
            WorkerSummary.prototype.device = "";

            /**
             * Memory that actors may use, in bytes.
             * @member {number} memoryBytes
             * @memberof sara.v1.WorkerSummary
             * @instance
             */
            WorkerSummary.prototype.memoryBytes = 0;

            /**
             * Memory reserved by actors, in bytes.
             * @member {number} memoryUsedBytes
             * @memberof sara.v1.WorkerSummary
             * @instance
             */
            WorkerSummary.prototype.memoryUsedBytes = 0;

            /**
             * Run its actors belong to; empty when idle.
             * @member {string} run
             * @memberof sara.v1.WorkerSummary
             * @instance
             */
            WorkerSummary.prototype.run = "";

            /**
             * Time since its lease was last renewed, in milliseconds.
             * @member {number} leaseAgeMs
             * @memberof sara.v1.WorkerSummary
             * @instance
             */
            WorkerSummary.prototype.leaseAgeMs = 0;

            /**
             * Version of its software.
             * @member {string} version
             * @memberof sara.v1.WorkerSummary
             * @instance
             */
            WorkerSummary.prototype.version = "";

            /**
             * Creates a new WorkerSummary instance using the specified properties.
             * @function create
             * @memberof sara.v1.WorkerSummary
             * @static
             * @param {sara.v1.WorkerSummary.$Properties=} [properties] Properties to set
             * @returns {sara.v1.WorkerSummary} WorkerSummary instance
             * @type {{
             *   (properties: sara.v1.WorkerSummary.$Shape): sara.v1.WorkerSummary & sara.v1.WorkerSummary.$Shape;
             *   (properties?: sara.v1.WorkerSummary.$Properties): sara.v1.WorkerSummary;
             * }}
             */
            WorkerSummary.create = function(properties) {
                return new WorkerSummary(properties);
            };

            /**
             * Encodes the specified WorkerSummary message. Does not implicitly {@link sara.v1.WorkerSummary.verify|verify} messages.
             * @function encode
             * @memberof sara.v1.WorkerSummary
             * @static
             * @param {sara.v1.WorkerSummary.$Properties} message WorkerSummary message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            WorkerSummary.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.name != null && $Object.hasOwnProperty.call(message, "name") && message.name !== "")
                    writer.uint32(/* id 1, wireType 2 =*/10).string(message.name);
                if (message.address != null && $Object.hasOwnProperty.call(message, "address") && message.address !== "")
                    writer.uint32(/* id 2, wireType 2 =*/18).string(message.address);
                if (message.state != null && $Object.hasOwnProperty.call(message, "state") && message.state !== 0)
                    writer.uint32(/* id 3, wireType 0 =*/24).int32(message.state);
                if (message.device != null && $Object.hasOwnProperty.call(message, "device") && message.device !== "")
                    writer.uint32(/* id 4, wireType 2 =*/34).string(message.device);
                if (message.memoryBytes != null && $Object.hasOwnProperty.call(message, "memoryBytes") && !$Object.is(message.memoryBytes, 0))
                    writer.uint32(/* id 5, wireType 1 =*/41).double(message.memoryBytes);
                if (message.memoryUsedBytes != null && $Object.hasOwnProperty.call(message, "memoryUsedBytes") && !$Object.is(message.memoryUsedBytes, 0))
                    writer.uint32(/* id 6, wireType 1 =*/49).double(message.memoryUsedBytes);
                if (message.run != null && $Object.hasOwnProperty.call(message, "run") && message.run !== "")
                    writer.uint32(/* id 7, wireType 2 =*/58).string(message.run);
                if (message.leaseAgeMs != null && $Object.hasOwnProperty.call(message, "leaseAgeMs") && message.leaseAgeMs !== 0)
                    writer.uint32(/* id 8, wireType 0 =*/64).uint32(message.leaseAgeMs);
                if (message.version != null && $Object.hasOwnProperty.call(message, "version") && message.version !== "")
                    writer.uint32(/* id 9, wireType 2 =*/74).string(message.version);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a WorkerSummary message from the specified reader or buffer.
             * @function decode
             * @memberof sara.v1.WorkerSummary
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {sara.v1.WorkerSummary & sara.v1.WorkerSummary.$Shape} WorkerSummary
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            WorkerSummary.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.sara.v1.WorkerSummary();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.name = value;
                            else
                                delete message.name;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.address = value;
                            else
                                delete message.address;
                            continue;
                        }
                    case 3: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.int32())
                                message.state = value;
                            else
                                delete message.state;
                            continue;
                        }
                    case 4: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.device = value;
                            else
                                delete message.device;
                            continue;
                        }
                    case 5: {
                            if (wireType !== 1)
                                break;
                            if (!$Object.is(value = reader.double(), 0))
                                message.memoryBytes = value;
                            else
                                delete message.memoryBytes;
                            continue;
                        }
                    case 6: {
                            if (wireType !== 1)
                                break;
                            if (!$Object.is(value = reader.double(), 0))
                                message.memoryUsedBytes = value;
                            else
                                delete message.memoryUsedBytes;
                            continue;
                        }
                    case 7: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.run = value;
                            else
                                delete message.run;
                            continue;
                        }
                    case 8: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.leaseAgeMs = value;
                            else
                                delete message.leaseAgeMs;
                            continue;
                        }
                    case 9: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.version = value;
                            else
                                delete message.version;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return WorkerSummary;
        })();

        v1.DrainWorkerRequest = (function() {

            /**
             * Properties of a DrainWorkerRequest.
             * @typedef {Object} sara.v1.DrainWorkerRequest.$Properties
             * @property {string|null} [worker] Name of the worker.
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a DrainWorkerRequest.
             * @memberof sara.v1
             * @interface IDrainWorkerRequest
             * @augments sara.v1.DrainWorkerRequest.$Properties
             * @deprecated Use sara.v1.DrainWorkerRequest.$Properties instead.
             */

            /**
             * Shape of a DrainWorkerRequest.
             * @typedef {sara.v1.DrainWorkerRequest.$Properties} sara.v1.DrainWorkerRequest.$Shape
             */

            /**
             * Constructs a new DrainWorkerRequest.
             * @memberof sara.v1
             * @classdesc Represents a DrainWorkerRequest.
             * @constructor
             * @param {sara.v1.DrainWorkerRequest.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const DrainWorkerRequest = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * Name of the worker.
             * @member {string} worker
             * @memberof sara.v1.DrainWorkerRequest
             * @instance
             */
            DrainWorkerRequest.prototype.worker = "";

            /**
             * Creates a new DrainWorkerRequest instance using the specified properties.
             * @function create
             * @memberof sara.v1.DrainWorkerRequest
             * @static
             * @param {sara.v1.DrainWorkerRequest.$Properties=} [properties] Properties to set
             * @returns {sara.v1.DrainWorkerRequest} DrainWorkerRequest instance
             * @type {{
             *   (properties: sara.v1.DrainWorkerRequest.$Shape): sara.v1.DrainWorkerRequest & sara.v1.DrainWorkerRequest.$Shape;
             *   (properties?: sara.v1.DrainWorkerRequest.$Properties): sara.v1.DrainWorkerRequest;
             * }}
             */
            DrainWorkerRequest.create = function(properties) {
                return new DrainWorkerRequest(properties);
            };

            /**
             * Encodes the specified DrainWorkerRequest message. Does not implicitly {@link sara.v1.DrainWorkerRequest.verify|verify} messages.
             * @function encode
             * @memberof sara.v1.DrainWorkerRequest
             * @static
             * @param {sara.v1.DrainWorkerRequest.$Properties} message DrainWorkerRequest message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            DrainWorkerRequest.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.worker != null && $Object.hasOwnProperty.call(message, "worker") && message.worker !== "")
                    writer.uint32(/* id 1, wireType 2 =*/10).string(message.worker);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a DrainWorkerRequest message from the specified reader or buffer.
             * @function decode
             * @memberof sara.v1.DrainWorkerRequest
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {sara.v1.DrainWorkerRequest & sara.v1.DrainWorkerRequest.$Shape} DrainWorkerRequest
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            DrainWorkerRequest.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.sara.v1.DrainWorkerRequest();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.worker = value;
                            else
                                delete message.worker;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return DrainWorkerRequest;
        })();

        v1.PlanRunRequest = (function() {

            /**
             * Properties of a PlanRunRequest.
             * @typedef {Object} sara.v1.PlanRunRequest.$Properties
             * @property {Uint8Array|null} [configJson] As in SubmitRunRequest.
             * @property {string|null} [baseDirectory] As in SubmitRunRequest.
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a PlanRunRequest.
             * @memberof sara.v1
             * @interface IPlanRunRequest
             * @augments sara.v1.PlanRunRequest.$Properties
             * @deprecated Use sara.v1.PlanRunRequest.$Properties instead.
             */

            /**
             * Shape of a PlanRunRequest.
             * @typedef {sara.v1.PlanRunRequest.$Properties} sara.v1.PlanRunRequest.$Shape
             */

            /**
             * Constructs a new PlanRunRequest.
             * @memberof sara.v1
             * @classdesc Represents a PlanRunRequest.
             * @constructor
             * @param {sara.v1.PlanRunRequest.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const PlanRunRequest = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * As in SubmitRunRequest.
             * @member {Uint8Array} configJson
             * @memberof sara.v1.PlanRunRequest
             * @instance
             */
            PlanRunRequest.prototype.configJson = $util.newBuffer([]);

            /**
             * As in SubmitRunRequest.
             * @member {string} baseDirectory
             * @memberof sara.v1.PlanRunRequest
             * @instance
             */
            PlanRunRequest.prototype.baseDirectory = "";

            /**
             * Creates a new PlanRunRequest instance using the specified properties.
             * @function create
             * @memberof sara.v1.PlanRunRequest
             * @static
             * @param {sara.v1.PlanRunRequest.$Properties=} [properties] Properties to set
             * @returns {sara.v1.PlanRunRequest} PlanRunRequest instance
             * @type {{
             *   (properties: sara.v1.PlanRunRequest.$Shape): sara.v1.PlanRunRequest & sara.v1.PlanRunRequest.$Shape;
             *   (properties?: sara.v1.PlanRunRequest.$Properties): sara.v1.PlanRunRequest;
             * }}
             */
            PlanRunRequest.create = function(properties) {
                return new PlanRunRequest(properties);
            };

            /**
             * Encodes the specified PlanRunRequest message. Does not implicitly {@link sara.v1.PlanRunRequest.verify|verify} messages.
             * @function encode
             * @memberof sara.v1.PlanRunRequest
             * @static
             * @param {sara.v1.PlanRunRequest.$Properties} message PlanRunRequest message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            PlanRunRequest.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.configJson != null && $Object.hasOwnProperty.call(message, "configJson") && message.configJson.length)
                    writer.uint32(/* id 1, wireType 2 =*/10).bytes(message.configJson);
                if (message.baseDirectory != null && $Object.hasOwnProperty.call(message, "baseDirectory") && message.baseDirectory !== "")
                    writer.uint32(/* id 2, wireType 2 =*/18).string(message.baseDirectory);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a PlanRunRequest message from the specified reader or buffer.
             * @function decode
             * @memberof sara.v1.PlanRunRequest
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {sara.v1.PlanRunRequest & sara.v1.PlanRunRequest.$Shape} PlanRunRequest
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            PlanRunRequest.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.sara.v1.PlanRunRequest();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.bytes()).length)
                                message.configJson = value;
                            else
                                delete message.configJson;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.baseDirectory = value;
                            else
                                delete message.baseDirectory;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return PlanRunRequest;
        })();

        v1.PullTensorsRequest = (function() {

            /**
             * Properties of a PullTensorsRequest.
             * @typedef {Object} sara.v1.PullTensorsRequest.$Properties
             * @property {string|null} [objectId] Object to pull, as named by the ObjectRef.
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a PullTensorsRequest.
             * @memberof sara.v1
             * @interface IPullTensorsRequest
             * @augments sara.v1.PullTensorsRequest.$Properties
             * @deprecated Use sara.v1.PullTensorsRequest.$Properties instead.
             */

            /**
             * Shape of a PullTensorsRequest.
             * @typedef {sara.v1.PullTensorsRequest.$Properties} sara.v1.PullTensorsRequest.$Shape
             */

            /**
             * Constructs a new PullTensorsRequest.
             * @memberof sara.v1
             * @classdesc Represents a PullTensorsRequest.
             * @constructor
             * @param {sara.v1.PullTensorsRequest.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const PullTensorsRequest = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * Object to pull, as named by the ObjectRef.
             * @member {string} objectId
             * @memberof sara.v1.PullTensorsRequest
             * @instance
             */
            PullTensorsRequest.prototype.objectId = "";

            /**
             * Creates a new PullTensorsRequest instance using the specified properties.
             * @function create
             * @memberof sara.v1.PullTensorsRequest
             * @static
             * @param {sara.v1.PullTensorsRequest.$Properties=} [properties] Properties to set
             * @returns {sara.v1.PullTensorsRequest} PullTensorsRequest instance
             * @type {{
             *   (properties: sara.v1.PullTensorsRequest.$Shape): sara.v1.PullTensorsRequest & sara.v1.PullTensorsRequest.$Shape;
             *   (properties?: sara.v1.PullTensorsRequest.$Properties): sara.v1.PullTensorsRequest;
             * }}
             */
            PullTensorsRequest.create = function(properties) {
                return new PullTensorsRequest(properties);
            };

            /**
             * Encodes the specified PullTensorsRequest message. Does not implicitly {@link sara.v1.PullTensorsRequest.verify|verify} messages.
             * @function encode
             * @memberof sara.v1.PullTensorsRequest
             * @static
             * @param {sara.v1.PullTensorsRequest.$Properties} message PullTensorsRequest message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            PullTensorsRequest.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.objectId != null && $Object.hasOwnProperty.call(message, "objectId") && message.objectId !== "")
                    writer.uint32(/* id 1, wireType 2 =*/10).string(message.objectId);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a PullTensorsRequest message from the specified reader or buffer.
             * @function decode
             * @memberof sara.v1.PullTensorsRequest
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {sara.v1.PullTensorsRequest & sara.v1.PullTensorsRequest.$Shape} PullTensorsRequest
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            PullTensorsRequest.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.sara.v1.PullTensorsRequest();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.objectId = value;
                            else
                                delete message.objectId;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return PullTensorsRequest;
        })();

        v1.TensorChunk = (function() {

            /**
             * Properties of a TensorChunk.
             * @typedef {Object} sara.v1.TensorChunk.$Properties
             * @property {sara.v1.FrameHeader.$Properties|null} [header] What the payload is a part of.
             * @property {Uint8Array|null} [payload] Raw little-endian bytes [offset, offset + length) of the tensor, row-major; at most 1 MiB.
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a TensorChunk.
             * @memberof sara.v1
             * @interface ITensorChunk
             * @augments sara.v1.TensorChunk.$Properties
             * @deprecated Use sara.v1.TensorChunk.$Properties instead.
             */

            /**
             * Shape of a TensorChunk.
             * @typedef {sara.v1.TensorChunk.$Properties} sara.v1.TensorChunk.$Shape
             */

            /**
             * Constructs a new TensorChunk.
             * @memberof sara.v1
             * @classdesc Represents a TensorChunk.
             * @constructor
             * @param {sara.v1.TensorChunk.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const TensorChunk = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * What the payload is a part of.
             * @member {sara.v1.FrameHeader.$Properties|null|undefined} header
             * @memberof sara.v1.TensorChunk
             * @instance
             */
            TensorChunk.prototype.header = null;

            /**
             * Raw little-endian bytes [offset, offset + length) of the tensor, row-major; at most 1 MiB.
             * @member {Uint8Array} payload
             * @memberof sara.v1.TensorChunk
             * @instance
             */
            TensorChunk.prototype.payload = $util.newBuffer([]);

            /**
             * Creates a new TensorChunk instance using the specified properties.
             * @function create
             * @memberof sara.v1.TensorChunk
             * @static
             * @param {sara.v1.TensorChunk.$Properties=} [properties] Properties to set
             * @returns {sara.v1.TensorChunk} TensorChunk instance
             * @type {{
             *   (properties: sara.v1.TensorChunk.$Shape): sara.v1.TensorChunk & sara.v1.TensorChunk.$Shape;
             *   (properties?: sara.v1.TensorChunk.$Properties): sara.v1.TensorChunk;
             * }}
             */
            TensorChunk.create = function(properties) {
                return new TensorChunk(properties);
            };

            /**
             * Encodes the specified TensorChunk message. Does not implicitly {@link sara.v1.TensorChunk.verify|verify} messages.
             * @function encode
             * @memberof sara.v1.TensorChunk
             * @static
             * @param {sara.v1.TensorChunk.$Properties} message TensorChunk message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            TensorChunk.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.header != null && $Object.hasOwnProperty.call(message, "header"))
                    $root.sara.v1.FrameHeader.encode(message.header, writer.uint32(/* id 1, wireType 2 =*/10).fork(), _depth + 1).ldelim();
                if (message.payload != null && $Object.hasOwnProperty.call(message, "payload") && message.payload.length)
                    writer.uint32(/* id 2, wireType 2 =*/18).bytes(message.payload);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a TensorChunk message from the specified reader or buffer.
             * @function decode
             * @memberof sara.v1.TensorChunk
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {sara.v1.TensorChunk & sara.v1.TensorChunk.$Shape} TensorChunk
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            TensorChunk.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.sara.v1.TensorChunk();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 2)
                                break;
                            message.header = $root.sara.v1.FrameHeader.decode(reader, reader.size(), $undefined, _depth + 1, message.header);
                            continue;
                        }
                    case 2: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.bytes()).length)
                                message.payload = value;
                            else
                                delete message.payload;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return TensorChunk;
        })();

        /**
         * DType enum.
         * @name sara.v1.DType
         * @enum {number}
         * @property {number} DTYPE_UNSPECIFIED=0 Never sent; a frame that says so is refused.
         * @property {number} DTYPE_FLOAT32=1 DTYPE_FLOAT32 value
         * @property {number} DTYPE_FLOAT16=2 DTYPE_FLOAT16 value
         * @property {number} DTYPE_BFLOAT16=3 DTYPE_BFLOAT16 value
         * @property {number} DTYPE_INT32=4 DTYPE_INT32 value
         * @property {number} DTYPE_INT64=5 DTYPE_INT64 value
         * @property {number} DTYPE_UINT32=6 DTYPE_UINT32 value
         * @property {number} DTYPE_UINT8=7 DTYPE_UINT8 value
         * @property {number} DTYPE_BOOL=8 One byte each, 0 or 1.
         */
        v1.DType = (function() {
            const valuesById = $Object.create(null), values = $Object.create(valuesById);
            values[valuesById[0] = "DTYPE_UNSPECIFIED"] = 0;
            values[valuesById[1] = "DTYPE_FLOAT32"] = 1;
            values[valuesById[2] = "DTYPE_FLOAT16"] = 2;
            values[valuesById[3] = "DTYPE_BFLOAT16"] = 3;
            values[valuesById[4] = "DTYPE_INT32"] = 4;
            values[valuesById[5] = "DTYPE_INT64"] = 5;
            values[valuesById[6] = "DTYPE_UINT32"] = 6;
            values[valuesById[7] = "DTYPE_UINT8"] = 7;
            values[valuesById[8] = "DTYPE_BOOL"] = 8;
            return values;
        })();

        v1.FrameHeader = (function() {

            /**
             * Properties of a FrameHeader.
             * @typedef {Object} sara.v1.FrameHeader.$Properties
             * @property {string|null} [run] Run the object belongs to.
             * @property {number|null} [generation] Generation of the call that made the object, from 1.
             * @property {number|null} [step] Training step it belongs to, from 0; 0 when the object belongs to none.
             * @property {number|null} [microBatch] Micro-batch of the step, from 0; 0 when the object belongs to none.
             * @property {string|null} [tensor] Name of the tensor within the object, 1 to 512 characters.
             * @property {sara.v1.DType|null} [dtype] Element type.
             * @property {Array.<number>|null} [shape] Dimensions, outermost first, at most 8, each below 2^31. Empty: a scalar.
             * @property {number|null} [offset] First byte of the payload within the tensor, in bytes.
             * @property {number|null} [total] Bytes of the whole tensor. Equals the product of shape times the size of dtype.
             * @property {number|null} [crc32c] CRC-32C (Castagnoli) of the payload.
             * @property {number|null} [numTensors] Tensors of this object in all, 1 to 65,536, so that a receiver knows when it has every one.
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a FrameHeader.
             * @memberof sara.v1
             * @interface IFrameHeader
             * @augments sara.v1.FrameHeader.$Properties
             * @deprecated Use sara.v1.FrameHeader.$Properties instead.
             */

            /**
             * Shape of a FrameHeader.
             * @typedef {sara.v1.FrameHeader.$Properties} sara.v1.FrameHeader.$Shape
             */

            /**
             * Constructs a new FrameHeader.
             * @memberof sara.v1
             * @classdesc Set by the worker that holds the object. Shapes travel with every chunk, so that a receiver needs no
             * knowledge of the sender's plan.
             * @constructor
             * @param {sara.v1.FrameHeader.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const FrameHeader = function (properties) {
                this.shape = [];
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * Run the object belongs to.
             * @member {string} run
             * @memberof sara.v1.FrameHeader
             * @instance
             */
            FrameHeader.prototype.run = "";

            /**
             * Generation of the call that made the object, from 1.
             * @member {number} generation
             * @memberof sara.v1.FrameHeader
             * @instance
             */
            FrameHeader.prototype.generation = 0;

            /**
             * Training step it belongs to, from 0; 0 when the object belongs to none.
             * @member {number} step
             * @memberof sara.v1.FrameHeader
             * @instance
             */
            FrameHeader.prototype.step = 0;

            /**
             * Micro-batch of the step, from 0; 0 when the object belongs to none.
             * @member {number} microBatch
             * @memberof sara.v1.FrameHeader
             * @instance
             */
            FrameHeader.prototype.microBatch = 0;

            /**
             * Name of the tensor within the object, 1 to 512 characters.
             * @member {string} tensor
             * @memberof sara.v1.FrameHeader
             * @instance
             */
            FrameHeader.prototype.tensor = "";

            /**
             * Element type.
             * @member {sara.v1.DType} dtype
             * @memberof sara.v1.FrameHeader
             * @instance
             */
            FrameHeader.prototype.dtype = 0;

            /**
             * Dimensions, outermost first, at most 8, each below 2^31. Empty: a scalar.
             * @member {Array.<number>} shape
             * @memberof sara.v1.FrameHeader
             * @instance
             */
            FrameHeader.prototype.shape = $util.emptyArray;

            /**
             * First byte of the payload within the tensor, in bytes.
             * @member {number} offset
             * @memberof sara.v1.FrameHeader
             * @instance
             */
            FrameHeader.prototype.offset = 0;

            /**
             * Bytes of the whole tensor. Equals the product of shape times the size of dtype.
             * @member {number} total
             * @memberof sara.v1.FrameHeader
             * @instance
             */
            FrameHeader.prototype.total = 0;

            /**
             * CRC-32C (Castagnoli) of the payload.
             * @member {number} crc32c
             * @memberof sara.v1.FrameHeader
             * @instance
             */
            FrameHeader.prototype.crc32c = 0;

            /**
             * Tensors of this object in all, 1 to 65,536, so that a receiver knows when it has every one.
             * @member {number} numTensors
             * @memberof sara.v1.FrameHeader
             * @instance
             */
            FrameHeader.prototype.numTensors = 0;

            /**
             * Creates a new FrameHeader instance using the specified properties.
             * @function create
             * @memberof sara.v1.FrameHeader
             * @static
             * @param {sara.v1.FrameHeader.$Properties=} [properties] Properties to set
             * @returns {sara.v1.FrameHeader} FrameHeader instance
             * @type {{
             *   (properties: sara.v1.FrameHeader.$Shape): sara.v1.FrameHeader & sara.v1.FrameHeader.$Shape;
             *   (properties?: sara.v1.FrameHeader.$Properties): sara.v1.FrameHeader;
             * }}
             */
            FrameHeader.create = function(properties) {
                return new FrameHeader(properties);
            };

            /**
             * Encodes the specified FrameHeader message. Does not implicitly {@link sara.v1.FrameHeader.verify|verify} messages.
             * @function encode
             * @memberof sara.v1.FrameHeader
             * @static
             * @param {sara.v1.FrameHeader.$Properties} message FrameHeader message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            FrameHeader.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.run != null && $Object.hasOwnProperty.call(message, "run") && message.run !== "")
                    writer.uint32(/* id 1, wireType 2 =*/10).string(message.run);
                if (message.generation != null && $Object.hasOwnProperty.call(message, "generation") && message.generation !== 0)
                    writer.uint32(/* id 2, wireType 0 =*/16).uint32(message.generation);
                if (message.step != null && $Object.hasOwnProperty.call(message, "step") && message.step !== 0)
                    writer.uint32(/* id 3, wireType 0 =*/24).uint32(message.step);
                if (message.microBatch != null && $Object.hasOwnProperty.call(message, "microBatch") && message.microBatch !== 0)
                    writer.uint32(/* id 4, wireType 0 =*/32).uint32(message.microBatch);
                if (message.tensor != null && $Object.hasOwnProperty.call(message, "tensor") && message.tensor !== "")
                    writer.uint32(/* id 5, wireType 2 =*/42).string(message.tensor);
                if (message.dtype != null && $Object.hasOwnProperty.call(message, "dtype") && message.dtype !== 0)
                    writer.uint32(/* id 6, wireType 0 =*/48).int32(message.dtype);
                if (message.shape != null && message.shape.length)
                    writer.uint32(/* id 7, wireType 2 =*/58).uint32s(message.shape);
                if (message.offset != null && $Object.hasOwnProperty.call(message, "offset") && !$Object.is(message.offset, 0))
                    writer.uint32(/* id 8, wireType 1 =*/65).double(message.offset);
                if (message.total != null && $Object.hasOwnProperty.call(message, "total") && !$Object.is(message.total, 0))
                    writer.uint32(/* id 9, wireType 1 =*/73).double(message.total);
                if (message.crc32c != null && $Object.hasOwnProperty.call(message, "crc32c") && message.crc32c !== 0)
                    writer.uint32(/* id 10, wireType 5 =*/85).fixed32(message.crc32c);
                if (message.numTensors != null && $Object.hasOwnProperty.call(message, "numTensors") && message.numTensors !== 0)
                    writer.uint32(/* id 11, wireType 0 =*/88).uint32(message.numTensors);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a FrameHeader message from the specified reader or buffer.
             * @function decode
             * @memberof sara.v1.FrameHeader
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {sara.v1.FrameHeader & sara.v1.FrameHeader.$Shape} FrameHeader
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            FrameHeader.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.sara.v1.FrameHeader();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.run = value;
                            else
                                delete message.run;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.generation = value;
                            else
                                delete message.generation;
                            continue;
                        }
                    case 3: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.step = value;
                            else
                                delete message.step;
                            continue;
                        }
                    case 4: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.microBatch = value;
                            else
                                delete message.microBatch;
                            continue;
                        }
                    case 5: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.tensor = value;
                            else
                                delete message.tensor;
                            continue;
                        }
                    case 6: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.int32())
                                message.dtype = value;
                            else
                                delete message.dtype;
                            continue;
                        }
                    case 7: {
                            if (wireType === 2) {
                                if (!(message.shape && message.shape.length))
                                    message.shape = [];
                                reader.uint32s(message.shape);
                                continue;
                            }
                            if (wireType !== 0)
                                break;
                            if (!(message.shape && message.shape.length))
                                message.shape = [];
                            message.shape.push(reader.uint32());
                            continue;
                        }
                    case 8: {
                            if (wireType !== 1)
                                break;
                            if (!$Object.is(value = reader.double(), 0))
                                message.offset = value;
                            else
                                delete message.offset;
                            continue;
                        }
                    case 9: {
                            if (wireType !== 1)
                                break;
                            if (!$Object.is(value = reader.double(), 0))
                                message.total = value;
                            else
                                delete message.total;
                            continue;
                        }
                    case 10: {
                            if (wireType !== 5)
                                break;
                            if (value = reader.fixed32())
                                message.crc32c = value;
                            else
                                delete message.crc32c;
                            continue;
                        }
                    case 11: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.numTensors = value;
                            else
                                delete message.numTensors;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return FrameHeader;
        })();

        v1.SparseChunk = (function() {

            /**
             * Properties of a SparseChunk.
             * @typedef {Object} sara.v1.SparseChunk.$Properties
             * @property {string|null} [run] Run the gradient belongs to.
             * @property {number|null} [generation] Generation of the sender, from 1; a chunk of another one than the receiver's is dropped.
             * @property {number|null} [stage] Pipeline stage whose mask orders the values, from 0.
             * @property {number|null} [step] Step the gradient belongs to, from 0.
             * @property {sara.v1.ExchangePhase|null} [phase] What the values are.
             * @property {number|null} [from] Replica that sends, from 0.
             * @property {Uint8Array|null} [maskDigest] Mask digest of the sender: 32 bytes, SHA-256.
             * @property {number|null} [vectorLength] Entries of the whole vector, equal on all replicas.
             * @property {number|null} [offset] First entry of the payload, counted from the start of the whole vector.
             * @property {sara.v1.DType|null} [dtype] DTYPE_FLOAT32 or DTYPE_FLOAT16.
             * @property {number|null} [crc32c] CRC-32C of the payload.
             * @property {Uint8Array|null} [payload] Values, little-endian.
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a SparseChunk.
             * @memberof sara.v1
             * @interface ISparseChunk
             * @augments sara.v1.SparseChunk.$Properties
             * @deprecated Use sara.v1.SparseChunk.$Properties instead.
             */

            /**
             * Shape of a SparseChunk.
             * @typedef {sara.v1.SparseChunk.$Properties} sara.v1.SparseChunk.$Shape
             */

            /**
             * Constructs a new SparseChunk.
             * @memberof sara.v1
             * @classdesc A part of one replica's compact gradient, or of the sum over replicas. Values only, in mask order: the
             * digest proves that sender and receiver mean the same entries. Sent over core NATS and repeated until every
             * addressee has answered with a SparseChunkReceipt.
             * @constructor
             * @param {sara.v1.SparseChunk.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const SparseChunk = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * Run the gradient belongs to.
             * @member {string} run
             * @memberof sara.v1.SparseChunk
             * @instance
             */
            SparseChunk.prototype.run = "";

            /**
             * Generation of the sender, from 1; a chunk of another one than the receiver's is dropped.
             * @member {number} generation
             * @memberof sara.v1.SparseChunk
             * @instance
             */
            SparseChunk.prototype.generation = 0;

            /**
             * Pipeline stage whose mask orders the values, from 0.
             * @member {number} stage
             * @memberof sara.v1.SparseChunk
             * @instance
             */
            SparseChunk.prototype.stage = 0;

            /**
             * Step the gradient belongs to, from 0.
             * @member {number} step
             * @memberof sara.v1.SparseChunk
             * @instance
             */
            SparseChunk.prototype.step = 0;

            /**
             * What the values are.
             * @member {sara.v1.ExchangePhase} phase
             * @memberof sara.v1.SparseChunk
             * @instance
             */
            SparseChunk.prototype.phase = 0;

            /**
             * Replica that sends, from 0.
             * @member {number} from
             * @memberof sara.v1.SparseChunk
             * @instance
             */
            SparseChunk.prototype.from = 0;

            /**
             * Mask digest of the sender: 32 bytes, SHA-256.
             * @member {Uint8Array} maskDigest
             * @memberof sara.v1.SparseChunk
             * @instance
             */
            SparseChunk.prototype.maskDigest = $util.newBuffer([]);

            /**
             * Entries of the whole vector, equal on all replicas.
             * @member {number} vectorLength
             * @memberof sara.v1.SparseChunk
             * @instance
             */
            SparseChunk.prototype.vectorLength = 0;

            /**
             * First entry of the payload, counted from the start of the whole vector.
             * @member {number} offset
             * @memberof sara.v1.SparseChunk
             * @instance
             */
            SparseChunk.prototype.offset = 0;

            /**
             * DTYPE_FLOAT32 or DTYPE_FLOAT16.
             * @member {sara.v1.DType} dtype
             * @memberof sara.v1.SparseChunk
             * @instance
             */
            SparseChunk.prototype.dtype = 0;

            /**
             * CRC-32C of the payload.
             * @member {number} crc32c
             * @memberof sara.v1.SparseChunk
             * @instance
             */
            SparseChunk.prototype.crc32c = 0;

            /**
             * Values, little-endian.
             * @member {Uint8Array} payload
             * @memberof sara.v1.SparseChunk
             * @instance
             */
            SparseChunk.prototype.payload = $util.newBuffer([]);

            /**
             * Creates a new SparseChunk instance using the specified properties.
             * @function create
             * @memberof sara.v1.SparseChunk
             * @static
             * @param {sara.v1.SparseChunk.$Properties=} [properties] Properties to set
             * @returns {sara.v1.SparseChunk} SparseChunk instance
             * @type {{
             *   (properties: sara.v1.SparseChunk.$Shape): sara.v1.SparseChunk & sara.v1.SparseChunk.$Shape;
             *   (properties?: sara.v1.SparseChunk.$Properties): sara.v1.SparseChunk;
             * }}
             */
            SparseChunk.create = function(properties) {
                return new SparseChunk(properties);
            };

            /**
             * Encodes the specified SparseChunk message. Does not implicitly {@link sara.v1.SparseChunk.verify|verify} messages.
             * @function encode
             * @memberof sara.v1.SparseChunk
             * @static
             * @param {sara.v1.SparseChunk.$Properties} message SparseChunk message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            SparseChunk.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.run != null && $Object.hasOwnProperty.call(message, "run") && message.run !== "")
                    writer.uint32(/* id 1, wireType 2 =*/10).string(message.run);
                if (message.generation != null && $Object.hasOwnProperty.call(message, "generation") && message.generation !== 0)
                    writer.uint32(/* id 2, wireType 0 =*/16).uint32(message.generation);
                if (message.stage != null && $Object.hasOwnProperty.call(message, "stage") && message.stage !== 0)
                    writer.uint32(/* id 3, wireType 0 =*/24).uint32(message.stage);
                if (message.step != null && $Object.hasOwnProperty.call(message, "step") && message.step !== 0)
                    writer.uint32(/* id 4, wireType 0 =*/32).uint32(message.step);
                if (message.phase != null && $Object.hasOwnProperty.call(message, "phase") && message.phase !== 0)
                    writer.uint32(/* id 5, wireType 0 =*/40).int32(message.phase);
                if (message.from != null && $Object.hasOwnProperty.call(message, "from") && message.from !== 0)
                    writer.uint32(/* id 6, wireType 0 =*/48).uint32(message.from);
                if (message.maskDigest != null && $Object.hasOwnProperty.call(message, "maskDigest") && message.maskDigest.length)
                    writer.uint32(/* id 7, wireType 2 =*/58).bytes(message.maskDigest);
                if (message.vectorLength != null && $Object.hasOwnProperty.call(message, "vectorLength") && message.vectorLength !== 0)
                    writer.uint32(/* id 8, wireType 0 =*/64).uint32(message.vectorLength);
                if (message.offset != null && $Object.hasOwnProperty.call(message, "offset") && message.offset !== 0)
                    writer.uint32(/* id 9, wireType 0 =*/72).uint32(message.offset);
                if (message.dtype != null && $Object.hasOwnProperty.call(message, "dtype") && message.dtype !== 0)
                    writer.uint32(/* id 10, wireType 0 =*/80).int32(message.dtype);
                if (message.crc32c != null && $Object.hasOwnProperty.call(message, "crc32c") && message.crc32c !== 0)
                    writer.uint32(/* id 11, wireType 5 =*/93).fixed32(message.crc32c);
                if (message.payload != null && $Object.hasOwnProperty.call(message, "payload") && message.payload.length)
                    writer.uint32(/* id 12, wireType 2 =*/98).bytes(message.payload);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a SparseChunk message from the specified reader or buffer.
             * @function decode
             * @memberof sara.v1.SparseChunk
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {sara.v1.SparseChunk & sara.v1.SparseChunk.$Shape} SparseChunk
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            SparseChunk.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.sara.v1.SparseChunk();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.run = value;
                            else
                                delete message.run;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.generation = value;
                            else
                                delete message.generation;
                            continue;
                        }
                    case 3: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.stage = value;
                            else
                                delete message.stage;
                            continue;
                        }
                    case 4: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.step = value;
                            else
                                delete message.step;
                            continue;
                        }
                    case 5: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.int32())
                                message.phase = value;
                            else
                                delete message.phase;
                            continue;
                        }
                    case 6: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.from = value;
                            else
                                delete message.from;
                            continue;
                        }
                    case 7: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.bytes()).length)
                                message.maskDigest = value;
                            else
                                delete message.maskDigest;
                            continue;
                        }
                    case 8: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.vectorLength = value;
                            else
                                delete message.vectorLength;
                            continue;
                        }
                    case 9: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.offset = value;
                            else
                                delete message.offset;
                            continue;
                        }
                    case 10: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.int32())
                                message.dtype = value;
                            else
                                delete message.dtype;
                            continue;
                        }
                    case 11: {
                            if (wireType !== 5)
                                break;
                            if (value = reader.fixed32())
                                message.crc32c = value;
                            else
                                delete message.crc32c;
                            continue;
                        }
                    case 12: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.bytes()).length)
                                message.payload = value;
                            else
                                delete message.payload;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return SparseChunk;
        })();

        /**
         * ExchangePhase enum.
         * @name sara.v1.ExchangePhase
         * @enum {number}
         * @property {number} EXCHANGE_PHASE_UNSPECIFIED=0 Never sent.
         * @property {number} EXCHANGE_PHASE_ANNOUNCE=1 No values: the sender has come to this step with this mask. Answered only by a replica that is in the
         * same step, so that its receipts are a barrier and nothing has to be kept for a step to come.
         * @property {number} EXCHANGE_PHASE_REDUCE_SCATTER=2 One replica's values of the segment that the addressee sums.
         * @property {number} EXCHANGE_PHASE_ALL_GATHER=3 The sum of a segment, from the replica that owns it to all others.
         */
        v1.ExchangePhase = (function() {
            const valuesById = $Object.create(null), values = $Object.create(valuesById);
            values[valuesById[0] = "EXCHANGE_PHASE_UNSPECIFIED"] = 0;
            values[valuesById[1] = "EXCHANGE_PHASE_ANNOUNCE"] = 1;
            values[valuesById[2] = "EXCHANGE_PHASE_REDUCE_SCATTER"] = 2;
            values[valuesById[3] = "EXCHANGE_PHASE_ALL_GATHER"] = 3;
            return values;
        })();

        v1.SparseChunkReceipt = (function() {

            /**
             * Properties of a SparseChunkReceipt.
             * @typedef {Object} sara.v1.SparseChunkReceipt.$Properties
             * @property {number|null} [replica] Replica that answers, from 0. Always sent, also when 0: NATS answers with an empty message when nobody
             * listens, and a receipt must not look like one.
             * @property {string|null} [code] Empty: the chunk has arrived. Otherwise a code of shared/errors.ts (MASK_DIVERGED, FRAME_INVALID): the
             * exchange must end with this error, for repeating the chunk cannot help.
             * @property {string|null} [message] Explanation that goes with code.
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a SparseChunkReceipt.
             * @memberof sara.v1
             * @interface ISparseChunkReceipt
             * @augments sara.v1.SparseChunkReceipt.$Properties
             * @deprecated Use sara.v1.SparseChunkReceipt.$Properties instead.
             */

            /**
             * Shape of a SparseChunkReceipt.
             * @typedef {sara.v1.SparseChunkReceipt.$Properties} sara.v1.SparseChunkReceipt.$Shape
             */

            /**
             * Constructs a new SparseChunkReceipt.
             * @memberof sara.v1
             * @classdesc Answer to one SparseChunk, sent to its reply subject.
             * @constructor
             * @param {sara.v1.SparseChunkReceipt.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const SparseChunkReceipt = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * Replica that answers, from 0. Always sent, also when 0: NATS answers with an empty message when nobody
             * listens, and a receipt must not look like one.
             * @member {number|null|undefined} replica
             * @memberof sara.v1.SparseChunkReceipt
             * @instance
             */
            SparseChunkReceipt.prototype.replica = null;

            /**
             * Empty: the chunk has arrived. Otherwise a code of shared/errors.ts (MASK_DIVERGED, FRAME_INVALID): the
             * exchange must end with this error, for repeating the chunk cannot help.
             * @member {string} code
             * @memberof sara.v1.SparseChunkReceipt
             * @instance
             */
            SparseChunkReceipt.prototype.code = "";

            /**
             * Explanation that goes with code.
             * @member {string} message
             * @memberof sara.v1.SparseChunkReceipt
             * @instance
             */
            SparseChunkReceipt.prototype.message = "";

            // OneOf field names bound to virtual getters and setters
            let $oneOfFields;

            // Virtual OneOf for proto3 optional field
            $Object.defineProperty(SparseChunkReceipt.prototype, "_replica", {
                get: $util.oneOfGetter($oneOfFields = ["replica"]),
                set: $util.oneOfSetter($oneOfFields)
            });

            /**
             * Creates a new SparseChunkReceipt instance using the specified properties.
             * @function create
             * @memberof sara.v1.SparseChunkReceipt
             * @static
             * @param {sara.v1.SparseChunkReceipt.$Properties=} [properties] Properties to set
             * @returns {sara.v1.SparseChunkReceipt} SparseChunkReceipt instance
             * @type {{
             *   (properties: sara.v1.SparseChunkReceipt.$Shape): sara.v1.SparseChunkReceipt & sara.v1.SparseChunkReceipt.$Shape;
             *   (properties?: sara.v1.SparseChunkReceipt.$Properties): sara.v1.SparseChunkReceipt;
             * }}
             */
            SparseChunkReceipt.create = function(properties) {
                return new SparseChunkReceipt(properties);
            };

            /**
             * Encodes the specified SparseChunkReceipt message. Does not implicitly {@link sara.v1.SparseChunkReceipt.verify|verify} messages.
             * @function encode
             * @memberof sara.v1.SparseChunkReceipt
             * @static
             * @param {sara.v1.SparseChunkReceipt.$Properties} message SparseChunkReceipt message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            SparseChunkReceipt.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.replica != null && $Object.hasOwnProperty.call(message, "replica"))
                    writer.uint32(/* id 1, wireType 0 =*/8).uint32(message.replica);
                if (message.code != null && $Object.hasOwnProperty.call(message, "code") && message.code !== "")
                    writer.uint32(/* id 2, wireType 2 =*/18).string(message.code);
                if (message.message != null && $Object.hasOwnProperty.call(message, "message") && message.message !== "")
                    writer.uint32(/* id 3, wireType 2 =*/26).string(message.message);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a SparseChunkReceipt message from the specified reader or buffer.
             * @function decode
             * @memberof sara.v1.SparseChunkReceipt
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {sara.v1.SparseChunkReceipt & sara.v1.SparseChunkReceipt.$Shape} SparseChunkReceipt
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            SparseChunkReceipt.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.sara.v1.SparseChunkReceipt();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 0)
                                break;
                            message.replica = reader.uint32();
                            message._replica = "replica";
                            continue;
                        }
                    case 2: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.code = value;
                            else
                                delete message.code;
                            continue;
                        }
                    case 3: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.message = value;
                            else
                                delete message.message;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return SparseChunkReceipt;
        })();

        return v1;
    })();

    return sara;
})();

export {
  $root as default
};
