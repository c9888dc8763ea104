// Generated from openapi/ by scripts/openapi.mjs; change it there.

export interface paths {
    "/": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List API versions
         * @description Which versions of the API are served here. Needs no token.
         */
        get: operations["listVersions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1.0/": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show API version 1.0
         * @description The document of the version itself. Answers with and without a token.
         */
        get: operations["showVersion"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/healthcheck": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Check liveness
         * @description For load balancers. Says only that the process answers. Needs no token.
         */
        get: operations["healthcheck"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/healthz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show the health of each part
         * @description Store, broker and cloud, each by name. Needs no token.
         */
        get: operations["health"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1.0/{project_id}/datastores": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Project of the token, string for string; any other is refused with 403. */
                project_id: components["parameters"]["ProjectId"];
            };
            cookie?: never;
        };
        /**
         * List datastores
         * @description Datastores that have at least one active version, with those versions; administrators see all of both.
         */
        get: operations["listDatastores"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1.0/{project_id}/datastores/{datastore}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Project of the token, string for string; any other is refused with 403. */
                project_id: components["parameters"]["ProjectId"];
                /** @description Id or name of a datastore. */
                datastore: components["parameters"]["Datastore"];
            };
            cookie?: never;
        };
        /**
         * Show a datastore
         * @description One datastore, by id or name, with its active versions.
         */
        get: operations["showDatastore"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1.0/{project_id}/datastores/{datastore}/versions": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Project of the token, string for string; any other is refused with 403. */
                project_id: components["parameters"]["ProjectId"];
                /** @description Id or name of a datastore. */
                datastore: components["parameters"]["Datastore"];
            };
            cookie?: never;
        };
        /**
         * List the versions of a datastore
         * @description Versions of one datastore; only active ones, except for administrators.
         */
        get: operations["listDatastoreVersions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1.0/{project_id}/datastores/{datastore}/versions/{version}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Project of the token, string for string; any other is refused with 403. */
                project_id: components["parameters"]["ProjectId"];
                /** @description Id or name of a datastore. */
                datastore: components["parameters"]["Datastore"];
                /** @description Id or name of a datastore version. */
                version: components["parameters"]["Version"];
            };
            cookie?: never;
        };
        /**
         * Show a version of a datastore
         * @description One version, by id or name, active or not. An unknown datastore or id is answered with 404; a name that is unknown, or that several versions share, with 400.
         */
        get: operations["showDatastoreVersion"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1.0/{project_id}/datastores/versions/{version_id}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Project of the token, string for string; any other is refused with 403. */
                project_id: components["parameters"]["ProjectId"];
                /** @description Id of a datastore version. */
                version_id: components["parameters"]["VersionId"];
            };
            cookie?: never;
        };
        /**
         * Show a datastore version by id
         * @description One version without naming its datastore, active or not. An unknown id is answered with 400, as clients of this API know it.
         */
        get: operations["showDatastoreVersionById"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1.0/{project_id}/datastores/{datastore}/versions/{version}/parameters": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Project of the token, string for string; any other is refused with 403. */
                project_id: components["parameters"]["ProjectId"];
                /** @description Id or name of a datastore. */
                datastore: components["parameters"]["Datastore"];
                /** @description Id or name of a datastore version. */
                version: components["parameters"]["Version"];
            };
            cookie?: never;
        };
        /**
         * List the parameters of a version
         * @description What can be set in a configuration group for the version, in the order of their names. An unknown datastore or id is answered with 404, an unknown or ambiguous name of a version with 400. Parameters that only operators may set are listed for administrators.
         */
        get: operations["listParameters"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1.0/{project_id}/datastores/{datastore}/versions/{version}/parameters/{parameter}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Project of the token, string for string; any other is refused with 403. */
                project_id: components["parameters"]["ProjectId"];
                /** @description Id or name of a datastore. */
                datastore: components["parameters"]["Datastore"];
                /** @description Id or name of a datastore version. */
                version: components["parameters"]["Version"];
                /** @description Name of a parameter, in any letter case. */
                parameter: components["parameters"]["Parameter"];
            };
            cookie?: never;
        };
        /**
         * Show a parameter of a version
         * @description One parameter by its name, in any letter case. The answer is not wrapped. An unknown datastore or id is answered with 404, an unknown or ambiguous name of a version with 400.
         */
        get: operations["showParameter"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1.0/{project_id}/datastores/versions/{version_id}/parameters": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Project of the token, string for string; any other is refused with 403. */
                project_id: components["parameters"]["ProjectId"];
                /** @description Id of a datastore version. */
                version_id: components["parameters"]["VersionId"];
            };
            cookie?: never;
        };
        /**
         * List the parameters of a version by its id
         * @description What can be set in a configuration group for the version, in the order of their names. An unknown version is answered with 400. Parameters that only operators may set are listed for administrators.
         */
        get: operations["listParametersByVersionId"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1.0/{project_id}/datastores/versions/{version_id}/parameters/{parameter}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Project of the token, string for string; any other is refused with 403. */
                project_id: components["parameters"]["ProjectId"];
                /** @description Id of a datastore version. */
                version_id: components["parameters"]["VersionId"];
                /** @description Name of a parameter, in any letter case. */
                parameter: components["parameters"]["Parameter"];
            };
            cookie?: never;
        };
        /**
         * Show a parameter of a version by its id
         * @description One parameter by its name, in any letter case. The answer is not wrapped. An unknown version is answered with 400.
         */
        get: operations["showParameterByVersionId"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1.0/{project_id}/configurations": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Project of the token, string for string; any other is refused with 403. */
                project_id: components["parameters"]["ProjectId"];
            };
            cookie?: never;
        };
        /**
         * List configuration groups
         * @description Groups of the project, by id; administrators see those of all projects.
         */
        get: operations["listConfigurations"];
        put?: never;
        /**
         * Create a configuration group
         * @description A set of parameters for instances of one datastore version. Names of parameters are taken in any letter case and kept as the datastore spells them; values have the JSON type that the parameter has, and nothing is converted. Every wrong value is named in the 422, with what is allowed.
         */
        post: operations["createConfiguration"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1.0/{project_id}/configurations/{configuration_id}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Project of the token, string for string; any other is refused with 403. */
                project_id: components["parameters"]["ProjectId"];
                /** @description Id of a configuration group. Whatever is not the id of a group of the project is answered with 404. */
                configuration_id: components["parameters"]["ConfigurationId"];
            };
            cookie?: never;
        };
        /**
         * Show a configuration group
         * @description One group with its values.
         */
        get: operations["showConfiguration"];
        /**
         * Replace the values of a configuration group
         * @description Replaces all values; without `values` they are cleared. Name and description stay where they are not given. Instances that have the group attached take the change by a job `configure_instance` each: parameters that can change in a running database do at once, for the others the instance shows RESTART_REQUIRED. Every wrong value is named in the 422, with what is allowed; values that an attached instance's flavor is too small for are refused too.
         */
        put: operations["replaceConfiguration"];
        post?: never;
        /**
         * Delete a configuration group
         * @description Refused with 400 while an instance has it attached.
         */
        delete: operations["deleteConfiguration"];
        options?: never;
        head?: never;
        /**
         * Change some values of a configuration group
         * @description Values that are given are set, the others stay; none can be taken away, and name and description are ignored. Instances that have the group attached take the change by a job `configure_instance` each: parameters that can change in a running database do at once, for the others the instance shows RESTART_REQUIRED. Every wrong value is named in the 422, with what is allowed; values that an attached instance's flavor is too small for are refused too.
         */
        patch: operations["updateConfiguration"];
        trace?: never;
    };
    "/v1.0/{project_id}/configurations/{configuration_id}/instances": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Project of the token, string for string; any other is refused with 403. */
                project_id: components["parameters"]["ProjectId"];
                /** @description Id of a configuration group. Whatever is not the id of a group of the project is answered with 404. */
                configuration_id: components["parameters"]["ConfigurationId"];
            };
            cookie?: never;
        };
        /**
         * List the instances of a configuration group
         * @description Instances that have the group attached, by id.
         */
        get: operations["listConfigurationInstances"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1.0/{project_id}/flavors": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Project of the token, string for string; any other is refused with 403. */
                project_id: components["parameters"]["ProjectId"];
            };
            cookie?: never;
        };
        /**
         * List flavors
         * @description All flavors that instances can have. Never more than one page.
         */
        get: operations["listFlavors"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1.0/{project_id}/flavors/{flavor_id}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Project of the token, string for string; any other is refused with 403. */
                project_id: components["parameters"]["ProjectId"];
                /** @description Id of a flavor, as in `str_id`. */
                flavor_id: components["parameters"]["FlavorId"];
            };
            cookie?: never;
        };
        /**
         * Show a flavor
         * @description One flavor by id.
         */
        get: operations["showFlavor"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1.0/{project_id}/instances": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Project of the token, string for string; any other is refused with 403. */
                project_id: components["parameters"]["ProjectId"];
            };
            cookie?: never;
        };
        /**
         * List instances
         * @description Instances of the project, also for administrators.
         */
        get: operations["listInstances"];
        put?: never;
        /**
         * Create an instance
         * @description Stores the instance and the work to make it, and answers at once; poll the instance until its status is ACTIVE and its operating status HEALTHY. Restoring (`restorePoint`), replicas (`replica_of`, `replica_count`), modules, `locality` and other regions are checked against this schema and then answered with 501 until they are built.
         */
        post: operations["createInstance"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1.0/{project_id}/instances/detail": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Project of the token, string for string; any other is refused with 403. */
                project_id: components["parameters"]["ProjectId"];
            };
            cookie?: never;
        };
        /**
         * List instances in detail
         * @description As the plain list, with more of each instance.
         */
        get: operations["listInstanceDetails"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1.0/{project_id}/instances/{instance_id}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Project of the token, string for string; any other is refused with 403. */
                project_id: components["parameters"]["ProjectId"];
                /** @description Id of an instance. Whatever is not the id of an instance of the project is answered with 404. */
                instance_id: components["parameters"]["InstanceId"];
            };
            cookie?: never;
        };
        /**
         * Show an instance
         * @description One instance in detail, in every state. Once it is deleted the answer is 404.
         */
        get: operations["showInstance"];
        /**
         * Rename an instance, attach or detach a configuration group
         * @description At most one key besides `name`. `configuration` with the id of a group attaches it, with null detaches it, and so does an empty `instance`; the database takes the parameters by a job `configure_instance`, during which `operating_status` is empty. Where a parameter waits for a restart, the instance then shows RESTART_REQUIRED. Refused with 400 unless the instance is ACTIVE and no parameter waits for a restart. `access`, `datastore_version` and `replica_of` are checked and then answered with 501 until they are built.
         */
        put: operations["updateInstance"];
        post?: never;
        /**
         * Delete an instance
         * @description Stores the work to delete the instance, which then shows SHUTDOWN and, at the end, 404. May be repeated meanwhile. Refused with 422 while the instance is built, and with 403 while it has replicas. Backups stay.
         */
        delete: operations["deleteInstance"];
        options?: never;
        head?: never;
        /**
         * Rename an instance (older clients), attach or detach a configuration group
         * @description At most one key besides `name`. `configuration` with the id of a group attaches it, with null detaches it, and so does an empty `instance`; the database takes the parameters by a job `configure_instance`, during which `operating_status` is empty. Where a parameter waits for a restart, the instance then shows RESTART_REQUIRED. Refused with 400 unless the instance is ACTIVE and no parameter waits for a restart. A deprecated alias of PUT, without `access` and with `slave_of`.
         */
        patch: operations["patchInstance"];
        trace?: never;
    };
    "/v1.0/{project_id}/instances/{instance_id}/action": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Project of the token, string for string; any other is refused with 403. */
                project_id: components["parameters"]["ProjectId"];
                /** @description Id of an instance. Whatever is not the id of an instance of the project is answered with 404. */
                instance_id: components["parameters"]["InstanceId"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Restart an instance, or do something else with it as a whole
         * @description The body has exactly one key, which says what is to be done. A restart ends the database cleanly and starts it again; where the guest does not answer, its server is rebooted. The instance shows REBOOT meanwhile and ACTIVE at the end, with a fault when the restart did not end well. Refused with 422 unless the instance is ACTIVE or RESTART_REQUIRED and nothing else is done to it. The other actions are checked in the same way and then answered with 501 until they are built.
         */
        post: operations["actOnInstance"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1.0/{project_id}/instances/{instance_id}/why": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Project of the token, string for string; any other is refused with 403. */
                project_id: components["parameters"]["ProjectId"];
                /** @description Id of an instance. Whatever is not the id of an instance of the project is answered with 404. */
                instance_id: components["parameters"]["InstanceId"];
            };
            cookie?: never;
        };
        /**
         * Explain the state of an instance
         * @description An extension of Coffer: Trove has no such call. The job, its step and since when, the last report, the next try, and what helps. Administrators also see the words of errors, commands for operators, and ids of the cloud.
         */
        get: operations["explainInstance"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1.0/{project_id}/instances/{instance_id}/configuration": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Project of the token, string for string; any other is refused with 403. */
                project_id: components["parameters"]["ProjectId"];
                /** @description Id of an instance. Whatever is not the id of an instance of the project is answered with 404. */
                instance_id: components["parameters"]["InstanceId"];
            };
            cookie?: never;
        };
        /**
         * Show the default parameters of an instance
         * @description What the service sets by the flavor of the instance, before a configuration group has its say; numbers count in the unit of the parameter. Parameters that are not named have the default of the database.
         */
        get: operations["showInstanceDefaults"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1.0/{project_id}/instances/{instance_id}/parameters": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Project of the token, string for string; any other is refused with 403. */
                project_id: components["parameters"]["ProjectId"];
                /** @description Id of an instance. Whatever is not the id of an instance of the project is answered with 404. */
                instance_id: components["parameters"]["InstanceId"];
            };
            cookie?: never;
        };
        /**
         * Compare the parameters of an instance with what is in force
         * @description Every parameter that the service sets by the flavor, or the configuration group sets, with the value that the running database has; ours. What waits for a restart differs, and so does what somebody changed by other means.
         */
        get: operations["listInstanceParameters"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1.0/{project_id}/instances/{instance_id}/ssl": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Project of the token, string for string; any other is refused with 403. */
                project_id: components["parameters"]["ProjectId"];
                /** @description Id of an instance. Whatever is not the id of an instance of the project is answered with 404. */
                instance_id: components["parameters"]["InstanceId"];
            };
            cookie?: never;
        };
        /**
         * Show TLS of an instance
         * @description How connections to the database are secured, asked of the running database. Datastores that can have TLS have it from the beginning, with a certificate for the address of the instance that an authority of the service signed; `ca` is what clients trust. The certificate is renewed before it expires.
         */
        get: operations["showSsl"];
        put?: never;
        /**
         * Require TLS, or renew the certificate
         * @description `mode` alone says who is let in over the network: `enforced` only connections with TLS, `basic` others too. `renew` (ours) makes a new key and a new certificate now. Both are done by the job, without a restart, and open connections live on; the certificate is another one when `GET` shows it. `enable` with a certificate of one's own, `disable`, `rollback` and the mode `mtls` need a certificate store and are answered with 501 once everything else is right. Refused with 422 unless the instance is ACTIVE and nothing else is done to it.
         */
        post: operations["changeSsl"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1.0/{project_id}/instances/{instance_id}/log": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Project of the token, string for string; any other is refused with 403. */
                project_id: components["parameters"]["ProjectId"];
                /** @description Id of an instance. Whatever is not the id of an instance of the project is answered with 404. */
                instance_id: components["parameters"]["InstanceId"];
            };
            cookie?: never;
        };
        /**
         * List the logs of an instance
         * @description Logs that can be switched; administrators see the others too. Needs no object store, unlike in Trove: nothing is published.
         */
        get: operations["listLogs"];
        put?: never;
        /**
         * Show, enable or disable a log
         * @description The body is not wrapped. Without `enable` and `disable` the log is shown. Enabling and disabling are done by a job `configure_instance`; the answer shows the log as it will be. `publish` and `discard` need an object store and are answered with 501.
         */
        post: operations["changeLog"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1.0/{project_id}/instances/{instance_id}/log/{log}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Project of the token, string for string; any other is refused with 403. */
                project_id: components["parameters"]["ProjectId"];
                /** @description Id of an instance. Whatever is not the id of an instance of the project is answered with 404. */
                instance_id: components["parameters"]["InstanceId"];
                /** @description Name of a log of the instance; an unknown one is answered with 400. */
                log: components["parameters"]["LogName"];
            };
            cookie?: never;
        };
        /**
         * Read the end of a log
         * @description The last lines of any log of the instance, oldest first, read from the guest; ours, Trove publishes to an object store. At most 256 KiB are told.
         */
        get: operations["tailLog"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1.0/{project_id}/instances/{instance_id}/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Project of the token, string for string; any other is refused with 403. */
                project_id: components["parameters"]["ProjectId"];
                /** @description Id of an instance. Whatever is not the id of an instance of the project is answered with 404. */
                instance_id: components["parameters"]["InstanceId"];
            };
            cookie?: never;
        };
        /**
         * Show metrics of an instance
         * @description A few figures of the running database, the same of every datastore, and those of its engine that its operators look at first; ours. Totals count from the start of the database: rates are differences of two readings.
         */
        get: operations["showMetrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1.0/{project_id}/instances/{instance_id}/databases": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Project of the token, string for string; any other is refused with 403. */
                project_id: components["parameters"]["ProjectId"];
                /** @description Id of an instance. Whatever is not the id of an instance of the project is answered with 404. */
                instance_id: components["parameters"]["InstanceId"];
            };
            cookie?: never;
        };
        /**
         * List databases
         * @description Databases in the instance, as the guest tells them now.
         */
        get: operations["listDatabases"];
        put?: never;
        /**
         * Create databases
         * @description Makes databases and answers when they are there. A name that is reserved, given twice or taken is answered with 400.
         */
        post: operations["createDatabases"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1.0/{project_id}/instances/{instance_id}/databases/{database}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Project of the token, string for string; any other is refused with 403. */
                project_id: components["parameters"]["ProjectId"];
                /** @description Id of an instance. Whatever is not the id of an instance of the project is answered with 404. */
                instance_id: components["parameters"]["InstanceId"];
                /** @description Name of a database, percent-encoded; dots belong to the name. */
                database: components["parameters"]["Database"];
            };
            cookie?: never;
        };
        /**
         * Show a database
         * @description There is nothing to show of a single database; always answered with 501 when nothing else is wrong.
         */
        get: operations["showDatabase"];
        put?: never;
        post?: never;
        /**
         * Delete a database
         * @description Drops a database with all that is in it, and answers when it is gone. A reserved name is answered with 400.
         */
        delete: operations["deleteDatabase"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1.0/{project_id}/instances/{instance_id}/users": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Project of the token, string for string; any other is refused with 403. */
                project_id: components["parameters"]["ProjectId"];
                /** @description Id of an instance. Whatever is not the id of an instance of the project is answered with 404. */
                instance_id: components["parameters"]["InstanceId"];
            };
            cookie?: never;
        };
        /**
         * List users
         * @description Users in the instance, as the guest tells them now; never passwords.
         */
        get: operations["listUsers"];
        /**
         * Change passwords of users
         * @description Gives users new passwords, all of them or, where one of the users is not there, none. Open sessions go on; who is to be put out has to be deleted.
         */
        put: operations["changePasswords"];
        /**
         * Create users
         * @description Makes users with their privileges, and answers when they are there. A name that is reserved, given twice or taken (with the same host) is answered with 400.
         */
        post: operations["createUsers"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1.0/{project_id}/instances/{instance_id}/users/{user}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Project of the token, string for string; any other is refused with 403. */
                project_id: components["parameters"]["ProjectId"];
                /** @description Id of an instance. Whatever is not the id of an instance of the project is answered with 404. */
                instance_id: components["parameters"]["InstanceId"];
                /** @description `name` or `name@host`, percent-encoded, split at the last `@`. Without a host, `%` is meant. */
                user: components["parameters"]["User"];
            };
            cookie?: never;
        };
        /**
         * Show a user
         * @description The user with all databases that it has privileges on. A reserved name is answered with 400.
         */
        get: operations["showUser"];
        /**
         * Update a user
         * @description Gives a user another name, host or password, one of them at least; what is left out is kept, and so are its privileges. A new name or host ends the open sessions of the user, and what it defined (views, triggers, procedures) keeps naming the old one; a new password alone leaves sessions open. A name that is reserved or, with the host, taken is answered with 400.
         */
        put: operations["updateUser"];
        post?: never;
        /**
         * Delete a user
         * @description Drops a user, and answers when it is gone. A reserved name is answered with 400.
         */
        delete: operations["deleteUser"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1.0/{project_id}/instances/{instance_id}/users/{user}/databases": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Project of the token, string for string; any other is refused with 403. */
                project_id: components["parameters"]["ProjectId"];
                /** @description Id of an instance. Whatever is not the id of an instance of the project is answered with 404. */
                instance_id: components["parameters"]["InstanceId"];
                /** @description `name` or `name@host`, percent-encoded, split at the last `@`. Without a host, `%` is meant. */
                user: components["parameters"]["User"];
            };
            cookie?: never;
        };
        /**
         * List the databases of a user
         * @description Databases that the user has privileges on, all in one answer.
         */
        get: operations["listGrants"];
        /**
         * Grant databases to a user
         * @description Gives the user every privilege on these databases, besides those that it has already. The databases need not exist.
         */
        put: operations["grantDatabases"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1.0/{project_id}/instances/{instance_id}/users/{user}/databases/{database}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Project of the token, string for string; any other is refused with 403. */
                project_id: components["parameters"]["ProjectId"];
                /** @description Id of an instance. Whatever is not the id of an instance of the project is answered with 404. */
                instance_id: components["parameters"]["InstanceId"];
                /** @description `name` or `name@host`, percent-encoded, split at the last `@`. Without a host, `%` is meant. */
                user: components["parameters"]["User"];
                /** @description Name of a database, percent-encoded; dots belong to the name. */
                database: components["parameters"]["Database"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Revoke a database from a user
         * @description Takes all privileges on the database from the user; its sessions that are in the database are ended. Answered with 404 when the user has no privileges on it.
         */
        delete: operations["revokeDatabase"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1.0/{project_id}/instances/{instance_id}/root": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Project of the token, string for string; any other is refused with 403. */
                project_id: components["parameters"]["ProjectId"];
                /** @description Id of an instance. Whatever is not the id of an instance of the project is answered with 404. */
                instance_id: components["parameters"]["InstanceId"];
            };
            cookie?: never;
        };
        /**
         * Show whether root is enabled
         * @description Whether root may log in now. Another project's instance is answered with 404, to administrators too.
         */
        get: operations["showRoot"];
        put?: never;
        /**
         * Enable root, or give it another password
         * @description Lets root in from anywhere, with the password given or a new one, and with all its rights. Root manages databases and users of the instance and what is in them; it reaches neither files nor settings of the server, nor the accounts of the service. It is not among the users of the instance.
         */
        post: operations["enableRoot"];
        /**
         * Disable root
         * @description Root may not log in any more, its open sessions are ended, and events that it defined are switched off. What it made stays, with the accounts that it made for others. Answered with 404 when root is not enabled.
         */
        delete: operations["disableRoot"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1.0/{project_id}/mgmt/instances/{instance_id}/root": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Project of the token, string for string; any other is refused with 403. */
                project_id: components["parameters"]["ProjectId"];
                /** @description Id of an instance. Whatever is not the id of an instance of the project is answered with 404. */
                instance_id: components["parameters"]["InstanceId"];
            };
            cookie?: never;
        };
        /**
         * Show who enabled root
         * @description Who last asked for root to be enabled in the instance, and when, also after it was disabled. For administrators; instances of every project.
         */
        get: operations["showRootHistory"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/identity": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List identity versions
         * @description What clients read that were given the identity URL without a version. Needs no token.
         */
        get: operations["listIdentityVersions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/identity/v3": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show identity version 3
         * @description What clients read that were given the identity URL with its version. Needs no token.
         */
        get: operations["showIdentityVersion"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/identity/v3/auth/tokens": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Validate and show a token
         * @description What the token in X-Subject-Token is good for. Users may ask about their own tokens, administrators about any.
         */
        get: operations["showToken"];
        put?: never;
        /**
         * Log in
         * @description Proves a user by password, or by a token, and answers with a token in the header X-Subject-Token. Whatever is wrong with user, password or project is answered with the same 401.
         */
        post: operations["createToken"];
        /**
         * Revoke a token
         * @description Makes the token in X-Subject-Token worthless at once.
         */
        delete: operations["revokeToken"];
        options?: never;
        /**
         * Validate a token
         * @description As showing it, without a body.
         */
        head: operations["checkToken"];
        patch?: never;
        trace?: never;
    };
    "/identity/v3/auth/catalog": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show the catalog
         * @description Services for the project of the token.
         */
        get: operations["showCatalog"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/identity/v3/projects": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List projects
         * @description Projects that the caller may use; all of them for administrators.
         */
        get: operations["listProjects"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description Identifier in dashed hexadecimal, any letter case; the service writes lower case. */
        Uuid: string;
        /** @description 1 to 255 characters on one line, at least one of them an ASCII letter or digit. NUL, line breaks and half surrogate pairs are refused, because the store would keep something else than was sent. */
        Name255: string;
        /** @description As Name255 without the upper bound; the datastore sets its own. */
        NameAny: string;
        /** @description A flavor by id, as text, number or URL: only the last path segment counts. */
        FlavorRef: components["schemas"]["Name255"] | number;
        /** @description Volume size in GB, at least 1, as an integer or as up to 40 digits. A size above the service's maximum is answered with 413. */
        VolSize: number | string;
        /**
         * @description 0 for no, 1 for yes; JSON booleans are refused.
         * @enum {integer}
         */
        Flag01: 0 | 1;
        /** @description Where a database user may connect from: `%` for anywhere, or a host with an optional `%` at either end. */
        Host: string;
        /** @description IPv4 address or network in dotted form, with an optional prefix length of 0 to 32. */
        Cidr4: string;
        /** @description IPv4 address in dotted form. */
        Ipv4: string;
        /** @description Time in UTC, to the second, without zone and without fraction. */
        Time: string;
        /** @description `self` is where the object is read, `<base>/v1.0/<project>/<collection>/<id>`; `bookmark` is a name that does not depend on project or API version, `<base>/<collection>/<id>`. */
        Link: {
            /** @description URL; scheme and host are those of the request. */
            href: string;
            /**
             * @description Says which link this is.
             * @enum {unknown}
             */
            rel: "self" | "bookmark";
        };
        /** @description Exactly two links, `self` and then `bookmark`. */
        Links: components["schemas"]["Link"][];
        /** @description One link to the next page. The key is absent on the last page. */
        NextLinks: {
            /** @description The request's URL with `marker` replaced; the marker is percent-encoded twice. */
            href: string;
            /**
             * @description Says which link this is.
             * @constant
             */
            rel: "next";
        }[];
        /** @description What every view of a configuration group has. */
        ConfigurationFields: {
            /** @description Id of the group. */
            id: components["schemas"]["Uuid"];
            /** @description Name of the group; need not be unique. */
            name: string;
            /** @description What it is for; null where nothing was said. */
            description: string | null;
            /** @description When it was made. */
            created: components["schemas"]["Time"];
            /** @description When it was last changed. */
            updated: components["schemas"]["Time"];
            /** @description Id of the datastore version that it is for. */
            datastore_version_id: string;
            /** @description Name of the datastore. */
            datastore_name: string;
            /** @description Name of the version. */
            datastore_version_name: string;
            /** @description Exact number of the version. Ours in lists, where clients would ask for each group to learn it. */
            datastore_version_number: string;
        };
        /** @description A configuration group as a list shows it. */
        ConfigurationSummary: components["schemas"]["ConfigurationFields"];
        /** @description Values by the name of their parameter, in its type and unit. */
        ParameterValues: {
            [key: string]: string | number | boolean;
        };
        /** @description A configuration group. */
        Configuration: components["schemas"]["ConfigurationFields"] & {
            values: components["schemas"]["ParameterValues"];
            /** @description How many instances have it attached. */
            instance_count: number;
        };
        /** @description One configuration group. */
        ConfigurationReply: {
            configuration: components["schemas"]["Configuration"];
        };
        /** @description One page of configuration groups. */
        ConfigurationList: {
            /** @description The groups, by id. */
            configurations: components["schemas"]["ConfigurationSummary"][];
            links?: components["schemas"]["NextLinks"];
            /** @description The same link once more, where gophercloud looks for it. */
            configurations_links?: components["schemas"]["NextLinks"];
        };
        /** @description One page of instances that have a group attached. */
        ConfigurationInstances: {
            /** @description The instances, by id. */
            instances: {
                /** @description Id of the instance. */
                id: string;
                /** @description Name of the instance. */
                name: string;
            }[];
            links?: components["schemas"]["NextLinks"];
            /** @description The same link once more, where gophercloud looks for it. */
            instances_links?: components["schemas"]["NextLinks"];
        };
        /** @description What the service sets in an instance by its flavor. */
        InstanceDefaults: {
            /** @description The instance. */
            instance: {
                configuration: components["schemas"]["ParameterValues"];
            };
        };
        /** @description A value in the type and unit of its parameter. */
        ParameterValue: string | number | boolean;
        /** @description The parameters that are set in an instance. */
        InstanceParameters: {
            /** @description By name. */
            parameters: {
                /** @description Name of the parameter. */
                name: string;
                /**
                 * @description Whether the configuration group asks for the value, or the flavor alone.
                 * @enum {unknown}
                 */
                set_by: "flavor" | "configuration";
                wanted: components["schemas"]["ParameterValue"];
                /** @description What the running database has; null where it does not tell. */
                in_force: components["schemas"]["ParameterValue"] | null;
                /** @description Whether the two mean something else to the database. */
                differs: boolean;
            }[];
        };
        /** @description 1 to 64 characters on one line, at least one of them an ASCII letter or digit. */
        ConfigurationName: string;
        /** @description Up to 256 characters; NUL and half surrogate pairs are refused. */
        ConfigurationDescription: string | null;
        /** @description Values by the name of their parameter. A name has at most 128 characters, and so has a text. What is wrong with a value for its parameter is answered with 422. */
        NewValues: {
            [key: string]: unknown;
        };
        /** @description A configuration group to make. Unknown keys are ignored. */
        NewConfiguration: {
            /** @description Name of the group; need not be unique. */
            name: components["schemas"]["ConfigurationName"];
            /** @description What it is for. */
            description?: components["schemas"]["ConfigurationDescription"];
            values: components["schemas"]["NewValues"];
            /** @description What it is for; the service's default without it. It stays so. */
            datastore?: components["schemas"]["NewInstanceDatastore"];
        };
        /** @description The group to make. */
        NewConfigurationBody: {
            configuration: components["schemas"]["NewConfiguration"];
        };
        /** @description What is to change in a group. Unknown keys are ignored. */
        ConfigurationUpdateBody: {
            /** @description The changes. */
            configuration: {
                /** @description New name. */
                name?: components["schemas"]["ConfigurationName"];
                /** @description New description. */
                description?: components["schemas"]["ConfigurationDescription"];
                values?: components["schemas"]["NewValues"];
            };
        };
        /** @description A database to make. Names that the datastore reserves are refused. */
        NewDatabase: {
            /** @description Name of the database. */
            name: components["schemas"]["Name255"];
            /** @description Character set; the datastore's default without it. */
            character_set?: components["schemas"]["Name255"];
            /** @description Collation; that of the character set without it. */
            collate?: components["schemas"]["Name255"];
        };
        /** @description Databases to make; all of them or, after an error, none. */
        NewDatabases: {
            /** @description The databases. May be empty; no name twice. */
            databases: components["schemas"]["NewDatabase"][];
        };
        /** @description A database by name. */
        DatabaseName: {
            /** @description Name of the database. */
            name: components["schemas"]["Name255"];
        };
        /** @description A database in an instance. Character set and collation are not told. */
        Database: {
            /** @description Name of the database. */
            name: string;
        };
        /** @description One page of databases, by name; those of the datastore itself are left out. */
        DatabaseList: {
            /** @description The databases. */
            databases: components["schemas"]["Database"][];
            links?: components["schemas"]["NextLinks"];
            /** @description The same link once more, where gophercloud looks for it. */
            databases_links?: components["schemas"]["NextLinks"];
        };
        /** @description What every view of a datastore version has; the last six are for administrators only. */
        DatastoreVersionFields: {
            /** @description Id of the version. */
            id: string;
            /** @description Name that people see, such as 8.4. */
            name: string;
            /** @description Exact number, which is also the tag of its image, such as 8.4.5. */
            version: string;
            /** @description Links into `datastores/versions`. */
            links: components["schemas"]["Links"];
            /** @description Whether instances may be created with it. */
            active?: boolean;
            /** @description Packages of the version, comma-separated; null when there are none. */
            packages?: string | null;
            /** @description Id of the guest image; empty or null when the image is found by tags. */
            image?: string | null;
            /** @description Tags that find the guest image. */
            image_tags?: string[];
            /** @description Opaque; kept for clients that show it. */
            registry_ext?: string | null;
            /** @description Opaque; kept for clients that show it. */
            repl_strategy?: string | null;
        };
        /** @description A version inside its datastore. */
        NestedDatastoreVersion: components["schemas"]["DatastoreVersionFields"];
        /** @description A version by itself. */
        DatastoreVersion: components["schemas"]["DatastoreVersionFields"] & {
            /** @description Id of its datastore. */
            datastore: string;
        };
        /** @description A kind of database, with the versions that the caller may use. */
        Datastore: {
            /** @description Id of the datastore. */
            id: string;
            /** @description Name of the datastore, unique. */
            name: string;
            /** @description Links into `datastores`. */
            links: components["schemas"]["Links"];
            /** @description Its versions; only active ones, except for administrators in lists. */
            versions: components["schemas"]["NestedDatastoreVersion"][];
            /** @description Id of the version taken when none is named, always one of `versions`; absent when unset. */
            default_version?: string;
        };
        /** @description The request breaks its schema, names something that cannot be, or the guest refused or did not answer in time. */
        BadRequestFault: {
            /** @description What went wrong. */
            badRequest: {
                /**
                 * @description The HTTP status again.
                 * @constant
                 */
                code: 400;
                /** @description One sentence that names the thing, the value and the next step. */
                message: string;
            };
        };
        /** @description The project in the path is not the token's, or policy refuses. */
        ForbiddenFault: {
            /** @description What went wrong. */
            forbidden: {
                /**
                 * @description The HTTP status again.
                 * @constant
                 */
                code: 403;
                /** @description One sentence that names the thing, the value and the next step. */
                message: string;
            };
        };
        /** @description Unknown, deleted, or another project's; which of them is not told. */
        NotFoundFault: {
            /** @description What went wrong. */
            itemNotFound: {
                /**
                 * @description The HTTP status again.
                 * @constant
                 */
                code: 404;
                /** @description One sentence that names the thing, the value and the next step. */
                message: string;
            };
        };
        /** @description A body came with another content type than application/json. */
        UnsupportedMediaTypeFault: {
            /** @description What went wrong. */
            badMediaType: {
                /**
                 * @description The HTTP status again.
                 * @constant
                 */
                code: 415;
                /** @description One sentence that names the thing, the value and the next step. */
                message: string;
            };
        };
        /** @description The state of the instance does not allow this now, or its server is not there. */
        UnprocessableFault: {
            /** @description What went wrong. */
            unprocessableEntity: {
                /**
                 * @description The HTTP status again.
                 * @constant
                 */
                code: 422;
                /** @description One sentence that names the thing, the value and the next step. */
                message: string;
            };
        };
        /** @description Something nobody foresaw; the message carries an id that names the entry in the log. */
        InternalFault: {
            /** @description What went wrong. */
            instanceFault: {
                /**
                 * @description The HTTP status again.
                 * @constant
                 */
                code: 500;
                /** @description One sentence that names the thing, the value and the next step. */
                message: string;
            };
        };
        /** @description The service or the datastore cannot do this. */
        NotImplementedFault: {
            /** @description What went wrong. */
            notImplemented: {
                /**
                 * @description The HTTP status again.
                 * @constant
                 */
                code: 501;
                /** @description One sentence that names the thing, the value and the next step. */
                message: string;
            };
        };
        /** @description A part that the answer needs cannot be reached; asking again later may help. */
        UnavailableFault: {
            /** @description What went wrong. */
            serviceUnavailable: {
                /**
                 * @description The HTTP status again.
                 * @constant
                 */
                code: 503;
                /** @description One sentence that names the thing, the value and the next step. */
                message: string;
            };
        };
        /** @description A quota, the largest volume, the largest body or the rate limit was exceeded. */
        OverLimitFault: {
            /** @description What went wrong. */
            overLimit: {
                /**
                 * @description The HTTP status again.
                 * @constant
                 */
                code: 413;
                /** @description One sentence that names the thing, the value and the next step. */
                message: string;
                /** @description Which rate limit refused; only then. */
                details?: string;
                /** @description Seconds to wait, as a string; only with the rate limit. */
                retryAfter?: string;
            };
        };
        /** @description A business rule refuses; clients may log in again and try once more. */
        RefusedFault: {
            /** @description What went wrong. */
            unauthorized: {
                /**
                 * @description The HTTP status again.
                 * @constant
                 */
                code: 401;
                /** @description One sentence that names the thing, the value and the next step. */
                message: string;
            };
        };
        /** @description The token is missing, unknown or expired; Keystone's shape, as its clients expect it. */
        TokenError: {
            /** @description What went wrong. */
            error: {
                /**
                 * @description The HTTP status again.
                 * @constant
                 */
                code: 401;
                /**
                 * @description The status in words.
                 * @constant
                 */
                title: "Unauthorized";
                /** @description One sentence. */
                message: string;
            };
        };
        /** @description How large a server is. */
        Flavor: {
            /** @description The id as a number when it is a plain positive one, else null. */
            id: number | null;
            /** @description The id, always as text. */
            str_id: string;
            /** @description Name that people see. */
            name: string;
            /** @description Memory in MB. */
            ram: number;
            /** @description Number of virtual processors. */
            vcpus: number;
            /** @description Root disk in GB. */
            disk: number;
            /** @description Ephemeral disk in GB. */
            ephemeral: number;
            /** @description Links into `flavors`. */
            links: components["schemas"]["Links"];
            /** @description Local disk for data in GB; only where instances have no volume. */
            local_storage?: number;
        };
        /** @description One part that the service depends on. */
        PartHealth: {
            /**
             * @description Whether the part answers now.
             * @enum {unknown}
             */
            status: "ok" | "failed";
            /** @description One sentence for the operator when it does not; without addresses and secrets. */
            detail?: string;
        };
        /** @description The service and the parts that it depends on. */
        Health: {
            /**
             * @description `ok` when every part is.
             * @enum {unknown}
             */
            status: "ok" | "failed";
            /** @description The database that holds the truth. */
            store: components["schemas"]["PartHealth"];
            /** @description What carries commands and reports. */
            broker: components["schemas"]["PartHealth"];
            /** @description What gives instances their servers, volumes and networks. */
            cloud: components["schemas"]["PartHealth"];
        };
        /** @description An error of the identity service, in Keystone's shape. */
        IdentityError: {
            /** @description What went wrong. */
            error: {
                /** @description The HTTP status again. */
                code: number;
                /** @description The status in words. */
                title: string;
                /** @description One sentence. */
                message: string;
            };
        };
        /** @description Up to 255 characters, without NUL and half surrogate pairs. */
        IdentityText: string;
        /** @description One version of the identity API. */
        IdentityVersion: {
            /** @description Version with its minor number. */
            id: string;
            /**
             * @description Whether clients should use it.
             * @constant
             */
            status: "stable";
            /** @description When the version was last changed; in UTC, with the letter Z. */
            updated: string;
            /** @description One link to the version. */
            links: {
                /**
                 * @description Says which link this is.
                 * @constant
                 */
                rel: "self";
                /** @description URL that ends in `/v3/`. */
                href: string;
            }[];
            /** @description What the version speaks. */
            "media-types": {
                /** @description Plain media type. */
                base: string;
                /** @description Media type with the version. */
                type: string;
            }[];
        };
        /** @description A domain, by id or by name. */
        DomainReference: {
            /** @description Id of the domain. */
            id?: components["schemas"]["IdentityText"];
            /** @description Name of the domain. */
            name?: components["schemas"]["IdentityText"];
        };
        /** @description Who logs in, by id, or by name and domain. */
        PasswordUser: {
            /** @description Id of the user. */
            id?: components["schemas"]["IdentityText"];
            /** @description Name of the user, with `domain`. */
            name?: components["schemas"]["IdentityText"];
            /** @description Domain of the user, with `name`. */
            domain?: components["schemas"]["DomainReference"];
            /** @description Password of the user. */
            password: string;
        };
        /** @description What the token is for. Only projects give access to instances. */
        TokenScope: {
            /** @description The project, by id, or by name and domain. */
            project?: {
                /** @description Id of the project. */
                id?: components["schemas"]["IdentityText"];
                /** @description Name of the project, with `domain`. */
                name?: components["schemas"]["IdentityText"];
                /** @description Domain of the project, with `name`. */
                domain?: components["schemas"]["DomainReference"];
            };
            /** @description A whole domain. */
            domain?: components["schemas"]["DomainReference"];
            /** @description The whole system. */
            system?: {
                /** @description Always true. */
                all?: boolean;
            };
        };
        /** @description A login. */
        NewToken: {
            /** @description Who, proven how, for what. */
            auth: {
                /** @description Who, and the proof. */
                identity: {
                    /** @description Ways of proof used, each with a key of its name beside this one. */
                    methods: string[];
                    /** @description Proof by password. */
                    password?: {
                        user: components["schemas"]["PasswordUser"];
                    };
                    /** @description Proof by a token that is still valid, to get one of another scope. */
                    token?: {
                        /** @description The token. */
                        id: string;
                    };
                };
                /** @description What the token is for; the user's default project without it. */
                scope?: "unscoped" | components["schemas"]["TokenScope"];
            };
        };
        /** @description Something by id and name. */
        Named: {
            /** @description Its id. */
            id: string;
            /** @description Its name. */
            name: string;
        };
        /** @description Where a service is reached. */
        CatalogEndpoint: {
            /** @description Id of the endpoint. */
            id: string;
            /**
             * @description For whom it is.
             * @enum {unknown}
             */
            interface: "public" | "internal" | "admin";
            /** @description Name of the region. */
            region: string | null;
            /** @description Id of the region, the same. */
            region_id: string | null;
            /** @description URL, with the token's project already in it. */
            url: string;
        };
        /** @description A service and its endpoints. */
        CatalogService: {
            /** @description Id of the service. */
            id: string;
            /** @description Kind of service, such as `database` or `identity`. */
            type: string;
            /** @description Name of the service. */
            name: string;
            /** @description Its endpoints. */
            endpoints: components["schemas"]["CatalogEndpoint"][];
        };
        /** @description A token. Its secret is in the header X-Subject-Token, never in the body. */
        Token: {
            /** @description Ways of proof that it was got by. */
            methods: string[];
            /** @description Whose it is. */
            user: {
                /** @description Id of the user. */
                id: string;
                /** @description Name of the user. */
                name: string;
                /** @description Domain of the user. */
                domain: components["schemas"]["Named"];
                /** @description When the password must be changed; null for never. */
                password_expires_at: string | null;
            };
            /** @description Ids that name the token in logs. */
            audit_ids: string[];
            /** @description When it was made. */
            issued_at: components["schemas"]["IdentityTime"];
            /** @description When it stops being valid. */
            expires_at: components["schemas"]["IdentityTime"];
            /** @description Whether the project stands for a domain; always false, with `project`. */
            is_domain?: boolean;
            /** @description What it is for; absent in unscoped tokens. */
            project?: {
                /** @description Id of the project. */
                id: string;
                /** @description Name of the project. */
                name: string;
                /** @description Domain of the project. */
                domain: components["schemas"]["Named"];
            };
            /** @description Roles of the user in the project; absent in unscoped tokens. */
            roles?: components["schemas"]["Named"][];
            /** @description Services for the project; absent in unscoped tokens and when not wanted. */
            catalog?: components["schemas"]["CatalogService"][];
        };
        /** @description Time in UTC with six decimals and the letter Z. */
        IdentityTime: string;
        /** @description One token. */
        TokenReply: {
            token: components["schemas"]["Token"];
        };
        /** @description Links of a list. There is only ever one page. */
        IdentityListLinks: {
            /** @description URL of the list. */
            self: string;
            /** @description Always null. */
            next: null;
            /** @description Always null. */
            previous: null;
        };
        /** @description A project, which owns instances. */
        Project: {
            /** @description Id of the project. */
            id: string;
            /** @description Name of the project, unique in its domain. */
            name: string;
            /** @description Id of its domain. */
            domain_id: string;
            /** @description Id of what it belongs to, which is the domain. */
            parent_id: string | null;
            /** @description Free text. */
            description: string;
            /** @description Whether tokens can be had for it. */
            enabled: boolean;
            /** @description Whether it stands for a domain; always false. */
            is_domain: boolean;
            /** @description Always empty. */
            tags: string[];
            /** @description Always empty. */
            options: Record<string, never>;
            /** @description Link to the project. */
            links: {
                /** @description URL of the project. */
                self: string;
            };
        };
        /** @description Another object, by id. */
        ObjectReference: {
            /** @description Id of the object, always text. */
            id: string;
            links: components["schemas"]["Links"];
        };
        /** @description An address under which the database answers. */
        Address: {
            /** @description IPv4 address. */
            address: string;
            /**
             * @description Whether the address is reachable from outside the tenant's network.
             * @enum {unknown}
             */
            type: "private" | "public";
            /** @description Id of the network; only with private addresses. */
            network?: string;
        };
        /** @description Who may connect, as it was asked for; possibly empty. */
        AccessView: {
            /** @description Whether the instance has a public address. */
            is_public?: boolean;
            /** @description Networks that may connect; empty for everywhere. */
            allowed_cidrs?: string[];
        };
        /** @description The volume with the data. Besides these, the guest may tell other sizes in bytes. */
        VolumeView: {
            /** @description Size in GB. */
            size: number;
            /** @description Used space in GB; when one instance is shown and its guest told. */
            used?: number;
            /** @description Used space in percent, two decimals; with `used`. */
            used_percent?: number;
            /** @description Size of the write-ahead log in bytes; PostgreSQL. */
            wal_size?: number;
            /** @description Size of the archived write-ahead log in bytes; PostgreSQL. */
            wal_archive_size?: number;
        } & {
            [key: string]: number;
        };
        /** @description The last thing that went wrong with an instance. */
        InstanceFault: {
            /** @description One sentence for the user. */
            message: string;
            /** @description When it went wrong. */
            created: components["schemas"]["Time"];
            /** @description More for administrators; null for everybody else. */
            details: string | null;
        };
        /** @description What every view of an instance has. */
        InstanceFields: {
            /** @description Id of the instance. */
            id: components["schemas"]["Uuid"];
            /** @description Name of the instance; need not be unique. */
            name: string;
            /**
             * @description What is done to the instance, or the state of its server.
             * @enum {unknown}
             */
            status: "BUILD" | "ACTIVE" | "REBOOT" | "RESIZE" | "UPGRADE" | "RESTART_REQUIRED" | "PROMOTE" | "EJECT" | "DETACH" | "LOGGING" | "BACKUP" | "SHUTDOWN" | "ERROR" | "UNKNOWN";
            /**
             * @description How the database itself is; empty while something is done to the instance.
             * @enum {unknown}
             */
            operating_status: "" | "HEALTHY" | "ACTIVE" | "RESTART_REQUIRED" | "SHUTDOWN" | "BLOCKED" | "FAILED" | "BUILD" | "NEW" | "ERROR" | "RESTARTING" | "PROMOTE" | "EJECT" | "LOGGING" | "DELETED";
            /** @description Links into `instances`. */
            links: components["schemas"]["Links"];
            /** @description Flavor of the server. */
            flavor: components["schemas"]["ObjectReference"];
            /** @description What runs in it; nulls when the version is gone. */
            datastore: {
                /** @description Name of the datastore. */
                type: string | null;
                /** @description Name of the datastore version. */
                version: string | null;
                /** @description Exact number of the version; in detailed views. */
                version_number?: string | null;
            };
            /** @description Region of the server. */
            region: string | null;
            access: components["schemas"]["AccessView"];
            /** @description The volume with the data; where instances have volumes. */
            volume?: components["schemas"]["VolumeView"];
            /** @description DNS name; where the service gives names, and then without `ip` and `addresses`. */
            hostname?: string;
            /** @description Addresses, once the instance has some that the tenant may see. */
            addresses?: components["schemas"]["Address"][];
            /** @description The same addresses as plain text; kept for older clients. */
            ip?: string[];
            /** @description The source; on replicas. */
            replica_of?: components["schemas"]["ObjectReference"];
            /** @description The replicas; on sources that have some. */
            replicas?: components["schemas"]["ObjectReference"][];
            /** @description Project that owns the instance; for administrators. */
            tenant_id?: string;
        };
        /** @description An instance as a list shows it. */
        InstanceSummary: components["schemas"]["InstanceFields"];
        /** @description An instance in detail. */
        Instance: components["schemas"]["InstanceFields"] & {
            /** @description When the instance was asked for. */
            created: components["schemas"]["Time"];
            /** @description When its row last changed. */
            updated: components["schemas"]["Time"];
            /** @description When its guest last reported. */
            service_status_updated: components["schemas"]["Time"];
            fault?: components["schemas"]["InstanceFault"];
            /** @description The configuration group; when one is attached. */
            configuration?: {
                /** @description Id of the group. */
                id: string;
                /** @description Name of the group. */
                name: string;
                /** @description Links into `configurations`. */
                links: components["schemas"]["Links"];
            };
            /**
             * @description Where replicas are placed relative to each other; when it was asked for, not in lists.
             * @enum {unknown}
             */
            locality?: "affinity" | "anti-affinity" | "soft-affinity" | "soft-anti-affinity";
            /** @description Local disk for data; where instances have no volume. */
            local_storage?: {
                /** @description Used space in GB. */
                used: number;
            };
            /** @description Password of root; only in the answer to a create, where the datastore makes root then. */
            password?: string | string[];
            /** @description Cluster that the instance belongs to; when it does. */
            cluster_id?: string;
            /** @description Shard that the instance belongs to; when it does. */
            shard_id?: string;
            /** @description Id of the server in the cloud; for administrators. */
            server_id?: string | null;
            /** @description Id of the volume in the cloud; for administrators. */
            volume_id?: string | null;
            /** @description Whether messages to the guest are sealed; for administrators. */
            encrypted_rpc_messaging?: boolean;
        };
        /** @description One page of instances. */
        InstanceSummaryList: {
            /** @description The instances, newest first within the page; pages follow each other by id. */
            instances: components["schemas"]["InstanceSummary"][];
            links?: components["schemas"]["NextLinks"];
            /** @description The same link once more, where gophercloud looks for it. */
            instances_links?: components["schemas"]["NextLinks"];
        };
        /** @description One page of instances in detail. */
        InstanceList: {
            /** @description The instances, newest first within the page; pages follow each other by id. */
            instances: components["schemas"]["Instance"][];
            links?: components["schemas"]["NextLinks"];
            /** @description The same link once more, where gophercloud looks for it. */
            instances_links?: components["schemas"]["NextLinks"];
        };
        /** @description One instance. */
        InstanceReply: {
            instance: components["schemas"]["Instance"];
        };
        /** @description The volume for the data. */
        NewVolume: {
            /** @description Size in GB, at least 1; above the service's maximum the answer is 413. */
            size: components["schemas"]["VolSize"];
            /** @description Volume type by name; null and absent mean the cloud's default. */
            type?: components["schemas"]["Name255"] | null;
        };
        /** @description What to run. */
        NewInstanceDatastore: {
            /** @description Datastore by name or id; the service's default without it. */
            type?: components["schemas"]["Name255"];
            /** @description Version by name or id; the datastore's default without it. */
            version?: components["schemas"]["Name255"];
            /** @description Exact number; needed when several versions share the name. */
            version_number?: components["schemas"]["Name255"];
        };
        /** @description A network of the tenant to join. Needs a network or a subnet, and an address needs the subnet. */
        NewNic: {
            /** @description Id of the network. */
            network_id?: components["schemas"]["Uuid"];
            /** @description The same as `network_id`, as older clients spell it. */
            "net-id"?: components["schemas"]["Uuid"];
            /** @description Id of a subnet of the network. */
            subnet_id?: components["schemas"]["Uuid"];
            /** @description Address wanted in the subnet. */
            ip_address?: components["schemas"]["Ipv4"];
        };
        /** @description Who may connect. */
        NewAccess: {
            /** @description Whether the instance gets a public address; false without it. */
            is_public?: boolean;
            /** @description Networks that may connect; everywhere without it. */
            allowed_cidrs?: components["schemas"]["Cidr4"][];
        };
        /** @description An instance to make: new, from a backup, or as a replica. Unknown keys are ignored. */
        NewInstance: {
            /** @description Name of the instance; need not be unique. Several replicas get `-1`, `-2`, … behind it. */
            name: components["schemas"]["Name255"];
            /** @description Flavor of the server. Required, except for a replica, which takes its source's. */
            flavorRef?: components["schemas"]["FlavorRef"];
            /** @description Required where instances have volumes, except for a replica. */
            volume?: components["schemas"]["NewVolume"];
            /** @description What to run; the service's default without it. */
            datastore?: components["schemas"]["NewInstanceDatastore"];
            /** @description Databases to make at once; no name twice. Not for replicas. */
            databases?: components["schemas"]["NewDatabase"][];
            /** @description Users to make at once; no pair of name and host twice, and their databases must be in `databases`. Not for replicas. */
            users?: components["schemas"]["NewUser"][];
            /** @description Id or URL of a configuration group for the instance. */
            configuration?: string | null;
            /** @description The same as `configuration`, which wins. */
            configuration_id?: components["schemas"]["Uuid"] | null;
            /** @description The backup that the data comes from. */
            restorePoint?: {
                /** @description Id of the backup. */
                backupRef: components["schemas"]["Uuid"];
            };
            /** @description Id of the source, which gives flavor, datastore and volume. */
            replica_of?: components["schemas"]["Uuid"];
            /** @description How many replicas to make, 1 to 3; 1 without it. The answer shows the last. */
            replica_count?: number;
            /** @description The network to join, at most one; the project's own without it. */
            nics?: components["schemas"]["NewNic"][];
            /** @description Availability zone, handed to the cloud. */
            availability_zone?: components["schemas"]["Name255"];
            /**
             * @description Where replicas are placed relative to each other.
             * @enum {unknown}
             */
            locality?: "affinity" | "anti-affinity" | "soft-affinity" | "soft-anti-affinity";
            /** @description Region of the server; the service's own without it. */
            region_name?: components["schemas"]["Name255"];
            /** @description Modules to apply. */
            modules?: {
                /** @description Id of the module. */
                id: components["schemas"]["Uuid"];
            }[];
            access?: components["schemas"]["NewAccess"];
        };
        /** @description The instance to make. */
        NewInstanceBody: {
            instance: components["schemas"]["NewInstance"];
        };
        /** @description What PUT and PATCH can change. */
        InstanceChanges: {
            /** @description New name. */
            name?: components["schemas"]["Name255"];
            /** @description Id of the configuration group to attach; null detaches the one that is attached. */
            configuration?: components["schemas"]["Uuid"] | null;
            /** @description Version of the same datastore to upgrade to, by name or id. */
            datastore_version?: components["schemas"]["Name255"];
            /** @description Make the replica stand alone. Any value. */
            replica_of?: unknown;
        };
        /** @description What is to change. */
        InstanceUpdateBody: {
            /** @description The changes; at most one besides the name. Empty, it detaches the configuration group. */
            instance: components["schemas"]["InstanceChanges"] & {
                /** @description Who may connect; replaces what was there. */
                access?: {
                    /** @description Whether the instance has a public address; false without it. */
                    is_public?: boolean;
                    /** @description Networks that may connect; everywhere without it. */
                    allowed_cidrs?: components["schemas"]["Cidr4"][];
                };
            };
        };
        /** @description What is to change. */
        InstancePatchBody: {
            /** @description The changes; at most one besides the name. Empty, it detaches the configuration group. */
            instance: components["schemas"]["InstanceChanges"] & {
                /** @description The same as `replica_of`, as older clients spell it. */
                slave_of?: unknown;
            };
        };
        /** @description exactly one of {"restart":{}}, {"resize":{"volume":{"size":GB}}}, {"resize":{"flavorRef":flavor}}, {"promote_to_replica_source":{}}, {"eject_replica_source":{}} and {"reset_status":{}} */
        InstanceActionBody: {
            /** @description Restart the database. */
            restart: Record<string, never>;
        } | {
            /** @description {"volume":{"size":GB}} for a larger volume, or {"flavorRef":flavor} for another flavor */
            resize: {
                /** @description The volume with the data. */
                volume: {
                    /** @description New size in GB; above the present one. */
                    size: components["schemas"]["VolSize"];
                };
            } | {
                /** @description New flavor. */
                flavorRef: components["schemas"]["FlavorRef"];
            };
        } | {
            /** @description Make this replica the source of its set. Any value. */
            promote_to_replica_source: unknown;
        } | {
            /** @description Take this source, which no longer answers, out of its set. Any value. */
            eject_replica_source: unknown;
        } | {
            /** @description Forget what is being done to the instance; for administrators, and for owners when it is an object with the key `force_delete`. Any value. */
            reset_status: unknown;
        };
        /** @description A log of an instance. */
        Log: {
            /** @description Its name, such as `general` or `slow_query`. */
            name: string;
            /**
             * @description USER where it can be switched, SYS where it is always written.
             * @enum {unknown}
             */
            type: "USER" | "SYS";
            /**
             * @description Ready where it is enabled and something was written. Others of Trove's words are never told here.
             * @enum {unknown}
             */
            status: "Disabled" | "Enabled" | "Unavailable" | "Ready" | "Published" | "Partial" | "Rotated" | "Restart Required" | "Restart Completed";
            /** @description Bytes in the object store; always 0. */
            published: number;
            /** @description Bytes in the guest. */
            pending: number;
            /** @description Container in the object store; the text `None`. */
            container: string;
            /** @description Beginning of the names of its objects; the text `None`. */
            prefix: string;
            /** @description Object that would tell how far it is published. */
            metafile: string;
        };
        /** @description The logs of an instance. */
        LogList: {
            /** @description By name. */
            logs: components["schemas"]["Log"][];
        };
        /** @description One log. */
        LogReply: {
            log: components["schemas"]["Log"];
        };
        /** @description 1 or true for yes; 0, false, null and absent for no. */
        LogFlag: boolean | number | null;
        /** @description A log and what is to become of it. */
        LogChange: {
            /** @description Name of the log. */
            name: string;
            /** @description Write it from now on. */
            enable?: components["schemas"]["LogFlag"];
            /** @description Write it no more. */
            disable?: components["schemas"]["LogFlag"];
            /** @description Copy it to the object store; needs one. */
            publish?: components["schemas"]["LogFlag"];
            /** @description Delete what was published; needs an object store. */
            discard?: components["schemas"]["LogFlag"];
        };
        /** @description The end of a log. */
        LogTail: {
            /** @description The log. */
            log: {
                /** @description Its name. */
                name: string;
                /** @description Its last lines, oldest first. */
                lines: string[];
                /** @description Whether there were more of these lines than could be told. */
                is_cut: boolean;
            };
        };
        /** @description Figures of an instance. */
        Metrics: {
            /** @description Since the database started. */
            uptime_seconds: number;
            /** @description Connections of clients. */
            connections: {
                /** @description How many there are. */
                open: number;
                /** @description How many there may be. */
                limit: number;
            };
            /** @description Committed and rolled back, together; absent where the engine has no transactions. */
            transactions?: number;
            /** @description The buffer pool; absent where the engine has none. */
            buffer?: {
                /** @description Pages asked for. */
                requests: number;
                /** @description How many of them were found in memory. */
                hits: number;
                /** @description The share of hits, from 0 to 1; null before the first request. */
                hit_ratio: number | null;
            };
            /** @description The volume with the data. */
            volume: {
                /** @description Used space in bytes. */
                used_bytes: number;
                /** @description Its size in bytes. */
                total_bytes: number;
            };
            /** @description Figures of the engine by its own names and in its own units. */
            engine: {
                [key: string]: number;
            };
        };
        /** @description Figures of an instance. */
        MetricsReply: {
            metrics: components["schemas"]["Metrics"];
        };
        /** @description A parameter that a configuration group may set. */
        Parameter: {
            /** @description Name, as the datastore spells it. */
            name: string;
            /** @description Id of the datastore version. */
            datastore_version_id: string;
            /** @description Whether it is in force only after the database has started anew. */
            restart_required: boolean;
            /**
             * @description Type of its values in JSON; a float is any number.
             * @enum {unknown}
             */
            type: "integer" | "string" | "boolean" | "float";
            /** @description Least value; absent where there is none. */
            min?: number;
            /** @description Greatest value; absent where there is none. A flavor may allow less. */
            max?: number;
        };
        /** @description The parameters of a version. */
        ParameterList: {
            /** @description By name. */
            "configuration-parameters": components["schemas"]["Parameter"][];
        };
        /** @description Whether root is enabled. */
        RootState: {
            /** @description Whether root may log in. */
            rootEnabled: boolean;
        };
        /** @description The password that root is to have. Not wrapped, unlike other bodies. */
        RootPassword: {
            /** @description Password; without it, one is made. */
            password?: string;
        };
        /** @description Root as enabled. */
        EnabledRoot: {
            /** @description The account. */
            user: {
                /**
                 * @description Name of the account.
                 * @constant
                 */
                name: "root";
                /** @description Its password; never told again. */
                password: string;
            };
        };
        /** @description Who last enabled root in an instance. */
        RootHistory: {
            /** @description Id of the instance. */
            id: string;
            /** @description When it was asked for, in UTC without zone; `Never` where it never was. */
            enabled: string;
            /** @description Id of the user who asked; `Nobody` where nobody did. */
            user: string;
        };
        /** @description Who last enabled root in an instance. */
        RootHistoryReply: {
            root_history: components["schemas"]["RootHistory"];
        };
        /** @description A certificate of an instance. */
        Certificate: {
            /** @description Common name of its subject, the id of the instance. */
            cn: string;
            /** @description Addresses and names that it is good for. */
            san: string[] | null;
            /** @description When it expires. It is renewed two months before. */
            expire_at: components["schemas"]["Time"];
            /** @description The certificate, PEM; when it was asked for. */
            payload?: string;
        };
        /** @description TLS of an instance. */
        Ssl: {
            /**
             * @description Whether the database speaks TLS.
             * @enum {unknown}
             */
            status: "on" | "off";
            /**
             * @description `builtin` until somebody chose one: TLS for who wants it. `basic` is the same, chosen; `enforced` refuses connections without it.
             * @enum {unknown}
             */
            mode: "builtin" | "basic" | "enforced" | "mtls";
            /** @description What new connections are shown; when TLS is on. */
            certificate?: components["schemas"]["Certificate"];
            /** @description Certificate of the authority that clients have to trust, PEM; when TLS is on. Ours. */
            ca?: string;
        };
        /** @description TLS of an instance. */
        SslReply: {
            ssl: components["schemas"]["Ssl"];
        };
        /** @description What is to change. */
        SslBody: {
            /** @description At most one of `enable`, `disable`, `rollback` and `renew`. */
            ssl: {
                /** @description Use a certificate of one's own. */
                enable?: boolean;
                /** @description Use none any more. */
                disable?: boolean;
                /** @description Use the one before. */
                rollback?: boolean;
                /** @description Make a new key and a new certificate now. Ours. */
                renew?: boolean;
                /**
                 * @description Who is let in.
                 * @enum {unknown}
                 */
                mode?: "basic" | "enforced" | "mtls";
                /** @description Where the certificate store has the certificate. */
                container_ref?: string | null;
                /** @description Where the certificate store has its password. */
                password_ref?: string | null;
            };
        };
        /** @description What the change needs. */
        SslChanged: {
            /** @description Empty where nothing was to change. */
            ssl: {
                /** @description Whether it is in force only after a restart. */
                restart_required?: boolean;
            };
        };
        /** @description A database user to make. Names that the datastore reserves are refused. */
        NewUser: {
            /** @description Name of the user. */
            name: components["schemas"]["NameAny"];
            /** @description Password of the user; never told again. */
            password: components["schemas"]["Name255"];
            /** @description Where the user may connect from; `%`, which is anywhere, without it. */
            host?: components["schemas"]["Host"];
            /** @description Databases that the user gets every privilege on. */
            databases?: components["schemas"]["DatabaseName"][];
        };
        /** @description Users to make; all of them or, after an error, none. */
        NewUsers: {
            /** @description The users. May be empty; no pair of name and host twice. */
            users: components["schemas"]["NewUser"][];
        };
        /** @description A user in an instance. */
        User: {
            /** @description Name of the user. */
            name: string;
            /** @description Where the user may connect from; `%` is anywhere. */
            host: string;
            /** @description Databases that the user has privileges on. */
            databases: components["schemas"]["Database"][];
        };
        /** @description One page of users, by `name@host`; those of the service are left out. */
        UserList: {
            /** @description The users. */
            users: components["schemas"]["User"][];
            links?: components["schemas"]["NextLinks"];
            /** @description The same link once more, where gophercloud looks for it. */
            users_links?: components["schemas"]["NextLinks"];
        };
        /** @description One user. */
        ShownUser: {
            user: components["schemas"]["User"];
        };
        /** @description A user that gets another password. */
        NewPassword: {
            /** @description Name of the user. */
            name: components["schemas"]["NameAny"];
            /** @description New password of the user; never told again. */
            password: components["schemas"]["Name255"];
            /** @description Host of the user; `%` without it. */
            host?: components["schemas"]["Host"];
        };
        /** @description Users that get other passwords; all of them or, where one of them is not there, none. */
        NewPasswords: {
            /** @description The users. May be empty; no pair of name and host twice. */
            users: components["schemas"]["NewPassword"][];
        };
        /** @description What is to become of a user. */
        UserUpdate: {
            /** @description One property at least. */
            user: {
                /** @description New name. */
                name?: components["schemas"]["NameAny"];
                /** @description New password; never told again. */
                password?: components["schemas"]["Name255"];
                /** @description New host that the user may connect from. */
                host?: components["schemas"]["Host"];
            };
        };
        /** @description Databases that a user is to have every privilege on. */
        Grants: {
            /** @description The databases. May be empty; none twice. */
            databases: components["schemas"]["DatabaseName"][];
        };
        /** @description Databases that a user has privileges on, by name. */
        GrantList: {
            /** @description The databases. */
            databases: components["schemas"]["Database"][];
        };
        /** @description One version of this API. */
        ApiVersion: {
            /**
             * @description Name of the version, as it stands in paths.
             * @constant
             */
            id: "v1.0";
            /**
             * @description Whether new clients should use it.
             * @constant
             */
            status: "CURRENT";
            /** @description When the version was last changed; in UTC, with the letter Z. */
            updated: string;
            /** @description One link to the version. */
            links: components["schemas"]["ApiVersionLink"][];
        };
        /** @description Where the version is. */
        ApiVersionLink: {
            /**
             * @description Says which link this is.
             * @constant
             */
            rel: "self";
            /** @description URL that ends in `/v1.0/`. */
            href: string;
        };
        /** @description One thing that explains the state of an instance. */
        InstanceReason: {
            /**
             * @description What it is, for programs.
             * @enum {unknown}
             */
            code: "queued_behind" | "not_due" | "waits_for_worker" | "worker_gone" | "step_running" | "waits_for_retry" | "no_job" | "given_up" | "resource_vanished" | "server_down" | "guest_not_enrolled" | "guest_silent" | "guest_unheard" | "guest_clock_off" | "database_unhealthy" | "restart_required" | "parameters_rejected" | "change_waits" | "nothing_wrong";
            /** @description One sentence for its reader. */
            message: string;
            /** @description Since when; null where nobody knows. */
            since: components["schemas"]["Time"] | null;
            /** @description What the user can do, in one sentence; null where there is nothing to do but wait. */
            help: string | null;
            /** @description The words of the error, and ids; for administrators. */
            details?: string | null;
            /** @description What an operator does, with the command; for administrators. */
            mend?: string | null;
        };
        /** @description The work that is done on an instance, or that was given up last. */
        InstanceJob: {
            /** @description What it does, e.g. `create_instance`. */
            kind: string;
            /**
             * @description Whether it waits, runs, or has ended; a job that ended well is not shown.
             * @enum {unknown}
             */
            state: "queued" | "running" | "failed";
            /** @description The step that runs, or that ran last; null before the first. */
            step: string | null;
            /** @description When that step began. */
            step_since: components["schemas"]["Time"] | null;
            /** @description How often it was started, without what a stopping server handed back. */
            attempt: number;
            /** @description How often it may be started; null before the first time. */
            max_attempts: number | null;
            /** @description When it was asked for. */
            created: components["schemas"]["Time"];
            /** @description When it is tried next; while it waits. */
            next_try: components["schemas"]["Time"] | null;
            /** @description When it is given up unless it is done by then; null before its first start. */
            gives_up: components["schemas"]["Time"] | null;
            /** @description What the last try failed with; null when none failed. */
            error: {
                /** @description Code of the problem. */
                code: string;
                /** @description What the code means. */
                title: string;
                /** @description The problem's own words; for administrators. */
                detail?: string;
            } | null;
            /** @description Id of the job, as the log has it; for administrators. */
            id?: string;
        };
        /** @description Why an instance is as it is. */
        InstanceWhy: {
            /** @description Id of the instance. */
            instance_id: components["schemas"]["Uuid"];
            /** @description The instance's `status`, as everywhere else. */
            status: string;
            /** @description The instance's `operating_status`, as everywhere else. */
            operating_status: string;
            /** @description The moment that the answer is about. */
            asked: components["schemas"]["Time"];
            /** @description When the guest last reported; null before the first time. */
            last_report: components["schemas"]["Time"] | null;
            /** @description The job that runs or waits, else the last one if it was given up. */
            job: components["schemas"]["InstanceJob"] | null;
            /** @description What explains the state, the weightiest first; `nothing_wrong` alone when all is well. */
            reasons: components["schemas"]["InstanceReason"][];
            /** @description What is known of the guest; for administrators. */
            guest?: {
                /** @description When its agent first proved itself. */
                enrolled: components["schemas"]["Time"] | null;
                /** @description Build of its agent. */
                agent_build: string | null;
                /** @description Version of the protocol that it speaks. */
                protocol: number | null;
                /** @description Its clock minus the service's, ms, at the last report. */
                clock_skew_ms: number | null;
            };
            /** @description Ids in the cloud by kind of resource; for administrators. */
            cloud?: {
                [key: string]: string | null;
            };
        };
        /** @description Why an instance is as it is. */
        InstanceWhyReply: {
            why: components["schemas"]["InstanceWhy"];
        };
    };
    responses: {
        /** @description The request breaks its schema, names something that cannot be, or the guest refused or did not answer in time. */
        BadRequest: {
            headers: {
                "x-openstack-request-id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "badRequest": {
                 *         "code": 400,
                 *         "message": "instance.name must not be empty; give it 1 to 255 characters."
                 *       }
                 *     }
                 */
                "application/json": components["schemas"]["BadRequestFault"];
            };
        };
        /** @description The project in the path is not the token's, or policy refuses. */
        Forbidden: {
            headers: {
                "x-openstack-request-id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "forbidden": {
                 *         "code": 403,
                 *         "message": "The token is scoped to project 6e1b; it cannot act for project 77aa."
                 *       }
                 *     }
                 */
                "application/json": components["schemas"]["ForbiddenFault"];
            };
        };
        /** @description Unknown, deleted, or another project's; which of them is not told. */
        NotFound: {
            headers: {
                "x-openstack-request-id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "itemNotFound": {
                 *         "code": 404,
                 *         "message": "Instance 0b6f1c9e-7f0e-4b8e-9a51-0d0e6c2f3a44 was not found."
                 *       }
                 *     }
                 */
                "application/json": components["schemas"]["NotFoundFault"];
            };
        };
        /** @description A body came with another content type than application/json. */
        UnsupportedMediaType: {
            headers: {
                "x-openstack-request-id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "badMediaType": {
                 *         "code": 415,
                 *         "message": "Content-Type text/plain is not supported; send application/json."
                 *       }
                 *     }
                 */
                "application/json": components["schemas"]["UnsupportedMediaTypeFault"];
            };
        };
        /** @description The state of the instance does not allow this now, or its server is not there. */
        Unprocessable: {
            headers: {
                "x-openstack-request-id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "unprocessableEntity": {
                 *         "code": 422,
                 *         "message": "Instance 0b6f1c9e-7f0e-4b8e-9a51-0d0e6c2f3a44 cannot be acted on now (status: BUILD)."
                 *       }
                 *     }
                 */
                "application/json": components["schemas"]["UnprocessableFault"];
            };
        };
        /** @description Something nobody foresaw; the message carries an id that names the entry in the log. */
        InternalFault: {
            headers: {
                "x-openstack-request-id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "instanceFault": {
                 *         "code": 500,
                 *         "message": "The server could not answer. The log has it under 5f0c2b1a-3f5f-4a39-a7d5-0f7b1f4b2c11."
                 *       }
                 *     }
                 */
                "application/json": components["schemas"]["InternalFault"];
            };
        };
        /** @description The service or the datastore cannot do this. */
        NotImplemented: {
            headers: {
                "x-openstack-request-id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "notImplemented": {
                 *         "code": 501,
                 *         "message": "A single database cannot be shown; list the databases of the instance."
                 *       }
                 *     }
                 */
                "application/json": components["schemas"]["NotImplementedFault"];
            };
        };
        /** @description A part that the answer needs cannot be reached; asking again later may help. */
        Unavailable: {
            headers: {
                "x-openstack-request-id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "serviceUnavailable": {
                 *         "code": 503,
                 *         "message": "The store does not answer; try again."
                 *       }
                 *     }
                 */
                "application/json": components["schemas"]["UnavailableFault"];
            };
        };
        /** @description A quota, the largest volume, the largest body (1 MiB) or the rate limit was exceeded. */
        OverLimit: {
            headers: {
                "x-openstack-request-id": components["headers"]["RequestId"];
                "Retry-After": components["headers"]["RetryAfter"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["OverLimitFault"];
            };
        };
        /** @description The token is missing, unknown or expired. */
        Unauthorized: {
            headers: {
                "x-openstack-request-id": components["headers"]["RequestId"];
                "WWW-Authenticate": components["headers"]["WwwAuthenticate"];
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "error": {
                 *         "code": 401,
                 *         "title": "Unauthorized",
                 *         "message": "The request you have made requires authentication."
                 *       }
                 *     }
                 */
                "application/json": components["schemas"]["TokenError"];
            };
        };
        /** @description The token is missing, unknown or expired; or a business rule refuses, in the envelope of the other faults. */
        UnauthorizedOrRefused: {
            headers: {
                "x-openstack-request-id": components["headers"]["RequestId"];
                "WWW-Authenticate": components["headers"]["WwwAuthenticate"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["TokenError"] | components["schemas"]["RefusedFault"];
            };
        };
        /** @description The request breaks its schema. */
        IdentityBadRequest: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "error": {
                 *         "code": 400,
                 *         "title": "Bad Request",
                 *         "message": "auth.identity.methods must name at least one method."
                 *       }
                 *     }
                 */
                "application/json": components["schemas"]["IdentityError"];
            };
        };
        /** @description The proof, or the token of the caller, is not valid; which part is not told. */
        IdentityUnauthorized: {
            headers: {
                "WWW-Authenticate": components["headers"]["WwwAuthenticate"];
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "error": {
                 *         "code": 401,
                 *         "title": "Unauthorized",
                 *         "message": "The request you have made requires authentication."
                 *       }
                 *     }
                 */
                "application/json": components["schemas"]["IdentityError"];
            };
        };
        /** @description The caller may not do this. */
        IdentityForbidden: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "error": {
                 *         "code": 403,
                 *         "title": "Forbidden",
                 *         "message": "You are not authorized to perform the requested action."
                 *       }
                 *     }
                 */
                "application/json": components["schemas"]["IdentityError"];
            };
        };
        /** @description Unknown path, or a subject token that is unknown or expired. */
        IdentityNotFound: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "error": {
                 *         "code": 404,
                 *         "title": "Not Found",
                 *         "message": "Could not find token."
                 *       }
                 *     }
                 */
                "application/json": components["schemas"]["IdentityError"];
            };
        };
        /** @description The body is larger than 1 MiB, or logins are tried too fast. */
        IdentityTooLarge: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "error": {
                 *         "code": 413,
                 *         "title": "Request Entity Too Large",
                 *         "message": "The request is too large; at most 1 MiB is read."
                 *       }
                 *     }
                 */
                "application/json": components["schemas"]["IdentityError"];
            };
        };
        /** @description A body came with another content type than application/json. */
        IdentityUnsupportedMediaType: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "error": {
                 *         "code": 415,
                 *         "title": "Unsupported Media Type",
                 *         "message": "Send application/json."
                 *       }
                 *     }
                 */
                "application/json": components["schemas"]["IdentityError"];
            };
        };
        /** @description Something nobody foresaw; the log has it. */
        IdentityInternalError: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "error": {
                 *         "code": 500,
                 *         "title": "Internal Server Error",
                 *         "message": "An unexpected error prevented the server from fulfilling your request."
                 *       }
                 *     }
                 */
                "application/json": components["schemas"]["IdentityError"];
            };
        };
        /** @description The store cannot be reached; asking again later may help. */
        IdentityUnavailable: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "error": {
                 *         "code": 503,
                 *         "title": "Service Unavailable",
                 *         "message": "The store does not answer; try again."
                 *       }
                 *     }
                 */
                "application/json": components["schemas"]["IdentityError"];
            };
        };
    };
    parameters: {
        /** @description Project of the token, string for string; any other is refused with 403. */
        ProjectId: string;
        /** @description Id of an instance. Whatever is not the id of an instance of the project is answered with 404. */
        InstanceId: string;
        /** @description Most items wanted in one page, at least 1. Capped at the page size, which is also the default (20). */
        Limit: number;
        /** @description Begin after this item; the last one of the page before. */
        Marker: string;
        /** @description Id of a configuration group. Whatever is not the id of a group of the project is answered with 404. */
        ConfigurationId: string;
        /** @description Name of a database, percent-encoded; dots belong to the name. */
        Database: string;
        /** @description Id or name of a datastore. */
        Datastore: string;
        /** @description Id or name of a datastore version. */
        Version: string;
        /** @description Id of a datastore version. */
        VersionId: string;
        /** @description Id of a flavor, as in `str_id`. */
        FlavorId: string;
        /** @description The token that the request is about. */
        SubjectToken: string;
        /** @description Leaves the catalog out of the answer when present, whatever its value. */
        NoCatalog: string;
        /** @description Name of a log of the instance; an unknown one is answered with 400. */
        LogName: string;
        /** @description Name of a parameter, in any letter case. */
        Parameter: string;
        /** @description `name` or `name@host`, percent-encoded, split at the last `@`. Without a host, `%` is meant. */
        User: string;
    };
    requestBodies: never;
    headers: {
        /** @description Names this request in the service's log, as `req-<uuid>`. */
        RequestId: string;
        /** @description Seconds until the next request may succeed; only when the rate limit refused. */
        RetryAfter: string;
        /** @description Where tokens come from, as `Keystone uri="…"`. */
        WwwAuthenticate: string;
        /** @description The token that was made or asked about. */
        SubjectToken: string;
        /** @description Always `X-Auth-Token`. */
        VaryToken: string;
    };
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    listVersions: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The one version there is. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "versions": [
                     *         {
                     *           "id": "v1.0",
                     *           "status": "CURRENT",
                     *           "updated": "2012-08-01T00:00:00Z",
                     *           "links": [
                     *             {
                     *               "rel": "self",
                     *               "href": "http://db.example.org:8779/v1.0/"
                     *             }
                     *           ]
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": {
                        /** @description Versions, newest last. */
                        versions: components["schemas"]["ApiVersion"][];
                    };
                };
            };
            500: components["responses"]["InternalFault"];
        };
    };
    showVersion: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The version. */
            200: {
                headers: {
                    "x-openstack-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "version": {
                     *         "id": "v1.0",
                     *         "status": "CURRENT",
                     *         "updated": "2012-08-01T00:00:00Z",
                     *         "links": [
                     *           {
                     *             "rel": "self",
                     *             "href": "http://db.example.org:8779/v1.0/"
                     *           }
                     *         ]
                     *       }
                     *     }
                     */
                    "application/json": {
                        version: components["schemas"]["ApiVersion"];
                    };
                };
            };
            500: components["responses"]["InternalFault"];
        };
    };
    healthcheck: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The process answers. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /** @example OK */
                    "text/plain": "OK";
                };
            };
            /** @description An operator took this copy out of service. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /** @example DISABLED BY FILE */
                    "text/plain": string;
                };
            };
        };
    };
    health: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Every part answers. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "status": "ok",
                     *       "store": {
                     *         "status": "ok"
                     *       },
                     *       "broker": {
                     *         "status": "ok"
                     *       },
                     *       "cloud": {
                     *         "status": "ok"
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["Health"];
                };
            };
            /** @description At least one part does not answer. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "status": "failed",
                     *       "store": {
                     *         "status": "ok"
                     *       },
                     *       "broker": {
                     *         "status": "failed",
                     *         "detail": "The broker refused the connection."
                     *       },
                     *       "cloud": {
                     *         "status": "ok"
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["Health"];
                };
            };
        };
    };
    listDatastores: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Project of the token, string for string; any other is refused with 403. */
                project_id: components["parameters"]["ProjectId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The datastores. */
            200: {
                headers: {
                    "x-openstack-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "datastores": [
                     *         {
                     *           "id": "2f9d2b0e-55b0-4b3e-9a5e-1f6d3b1c8a10",
                     *           "name": "mysql",
                     *           "links": [
                     *             {
                     *               "href": "http://db.example.org:8779/v1.0/6e1b0c7f6f0d4d0f8a3c7a51f7d2a9b4/datastores/2f9d2b0e-55b0-4b3e-9a5e-1f6d3b1c8a10",
                     *               "rel": "self"
                     *             },
                     *             {
                     *               "href": "http://db.example.org:8779/datastores/2f9d2b0e-55b0-4b3e-9a5e-1f6d3b1c8a10",
                     *               "rel": "bookmark"
                     *             }
                     *           ],
                     *           "versions": [
                     *             {
                     *               "id": "8c1f6c0a-3c7e-4c55-9a1d-6a0f5d7e2b33",
                     *               "name": "8.4",
                     *               "version": "8.4.5",
                     *               "links": [
                     *                 {
                     *                   "href": "http://db.example.org:8779/v1.0/6e1b0c7f6f0d4d0f8a3c7a51f7d2a9b4/datastores/versions/8c1f6c0a-3c7e-4c55-9a1d-6a0f5d7e2b33",
                     *                   "rel": "self"
                     *                 },
                     *                 {
                     *                   "href": "http://db.example.org:8779/datastores/versions/8c1f6c0a-3c7e-4c55-9a1d-6a0f5d7e2b33",
                     *                   "rel": "bookmark"
                     *                 }
                     *               ]
                     *             }
                     *           ],
                     *           "default_version": "8c1f6c0a-3c7e-4c55-9a1d-6a0f5d7e2b33"
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": {
                        /** @description The datastores. */
                        datastores: components["schemas"]["Datastore"][];
                    };
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            413: components["responses"]["OverLimit"];
            500: components["responses"]["InternalFault"];
            503: components["responses"]["Unavailable"];
        };
    };
    showDatastore: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Project of the token, string for string; any other is refused with 403. */
                project_id: components["parameters"]["ProjectId"];
                /** @description Id or name of a datastore. */
                datastore: components["parameters"]["Datastore"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The datastore. */
            200: {
                headers: {
                    "x-openstack-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "datastore": {
                     *         "id": "2f9d2b0e-55b0-4b3e-9a5e-1f6d3b1c8a10",
                     *         "name": "mysql",
                     *         "links": [
                     *           {
                     *             "href": "http://db.example.org:8779/v1.0/6e1b0c7f6f0d4d0f8a3c7a51f7d2a9b4/datastores/2f9d2b0e-55b0-4b3e-9a5e-1f6d3b1c8a10",
                     *             "rel": "self"
                     *           },
                     *           {
                     *             "href": "http://db.example.org:8779/datastores/2f9d2b0e-55b0-4b3e-9a5e-1f6d3b1c8a10",
                     *             "rel": "bookmark"
                     *           }
                     *         ],
                     *         "versions": [
                     *           {
                     *             "id": "8c1f6c0a-3c7e-4c55-9a1d-6a0f5d7e2b33",
                     *             "name": "8.4",
                     *             "version": "8.4.5",
                     *             "links": [
                     *               {
                     *                 "href": "http://db.example.org:8779/v1.0/6e1b0c7f6f0d4d0f8a3c7a51f7d2a9b4/datastores/versions/8c1f6c0a-3c7e-4c55-9a1d-6a0f5d7e2b33",
                     *                 "rel": "self"
                     *               },
                     *               {
                     *                 "href": "http://db.example.org:8779/datastores/versions/8c1f6c0a-3c7e-4c55-9a1d-6a0f5d7e2b33",
                     *                 "rel": "bookmark"
                     *               }
                     *             ]
                     *           }
                     *         ],
                     *         "default_version": "8c1f6c0a-3c7e-4c55-9a1d-6a0f5d7e2b33"
                     *       }
                     *     }
                     */
                    "application/json": {
                        /** @description The datastore. */
                        datastore: components["schemas"]["Datastore"];
                    };
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            413: components["responses"]["OverLimit"];
            500: components["responses"]["InternalFault"];
            503: components["responses"]["Unavailable"];
        };
    };
    listDatastoreVersions: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Project of the token, string for string; any other is refused with 403. */
                project_id: components["parameters"]["ProjectId"];
                /** @description Id or name of a datastore. */
                datastore: components["parameters"]["Datastore"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The versions. */
            200: {
                headers: {
                    "x-openstack-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "versions": [
                     *         {
                     *           "id": "8c1f6c0a-3c7e-4c55-9a1d-6a0f5d7e2b33",
                     *           "name": "8.4",
                     *           "version": "8.4.5",
                     *           "links": [
                     *             {
                     *               "href": "http://db.example.org:8779/v1.0/6e1b0c7f6f0d4d0f8a3c7a51f7d2a9b4/datastores/versions/8c1f6c0a-3c7e-4c55-9a1d-6a0f5d7e2b33",
                     *               "rel": "self"
                     *             },
                     *             {
                     *               "href": "http://db.example.org:8779/datastores/versions/8c1f6c0a-3c7e-4c55-9a1d-6a0f5d7e2b33",
                     *               "rel": "bookmark"
                     *             }
                     *           ],
                     *           "datastore": "2f9d2b0e-55b0-4b3e-9a5e-1f6d3b1c8a10"
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": {
                        /** @description The versions. */
                        versions: components["schemas"]["DatastoreVersion"][];
                    };
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            413: components["responses"]["OverLimit"];
            500: components["responses"]["InternalFault"];
            503: components["responses"]["Unavailable"];
        };
    };
    showDatastoreVersion: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Project of the token, string for string; any other is refused with 403. */
                project_id: components["parameters"]["ProjectId"];
                /** @description Id or name of a datastore. */
                datastore: components["parameters"]["Datastore"];
                /** @description Id or name of a datastore version. */
                version: components["parameters"]["Version"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The version. */
            200: {
                headers: {
                    "x-openstack-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "version": {
                     *         "id": "8c1f6c0a-3c7e-4c55-9a1d-6a0f5d7e2b33",
                     *         "name": "8.4",
                     *         "version": "8.4.5",
                     *         "links": [
                     *           {
                     *             "href": "http://db.example.org:8779/v1.0/6e1b0c7f6f0d4d0f8a3c7a51f7d2a9b4/datastores/versions/8c1f6c0a-3c7e-4c55-9a1d-6a0f5d7e2b33",
                     *             "rel": "self"
                     *           },
                     *           {
                     *             "href": "http://db.example.org:8779/datastores/versions/8c1f6c0a-3c7e-4c55-9a1d-6a0f5d7e2b33",
                     *             "rel": "bookmark"
                     *           }
                     *         ],
                     *         "datastore": "2f9d2b0e-55b0-4b3e-9a5e-1f6d3b1c8a10"
                     *       }
                     *     }
                     */
                    "application/json": {
                        /** @description The version. */
                        version: components["schemas"]["DatastoreVersion"];
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            413: components["responses"]["OverLimit"];
            500: components["responses"]["InternalFault"];
            503: components["responses"]["Unavailable"];
        };
    };
    showDatastoreVersionById: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Project of the token, string for string; any other is refused with 403. */
                project_id: components["parameters"]["ProjectId"];
                /** @description Id of a datastore version. */
                version_id: components["parameters"]["VersionId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The version. */
            200: {
                headers: {
                    "x-openstack-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "version": {
                     *         "id": "8c1f6c0a-3c7e-4c55-9a1d-6a0f5d7e2b33",
                     *         "name": "8.4",
                     *         "version": "8.4.5",
                     *         "links": [
                     *           {
                     *             "href": "http://db.example.org:8779/v1.0/6e1b0c7f6f0d4d0f8a3c7a51f7d2a9b4/datastores/versions/8c1f6c0a-3c7e-4c55-9a1d-6a0f5d7e2b33",
                     *             "rel": "self"
                     *           },
                     *           {
                     *             "href": "http://db.example.org:8779/datastores/versions/8c1f6c0a-3c7e-4c55-9a1d-6a0f5d7e2b33",
                     *             "rel": "bookmark"
                     *           }
                     *         ],
                     *         "datastore": "2f9d2b0e-55b0-4b3e-9a5e-1f6d3b1c8a10"
                     *       }
                     *     }
                     */
                    "application/json": {
                        /** @description The version. */
                        version: components["schemas"]["DatastoreVersion"];
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            413: components["responses"]["OverLimit"];
            500: components["responses"]["InternalFault"];
            503: components["responses"]["Unavailable"];
        };
    };
    listParameters: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Project of the token, string for string; any other is refused with 403. */
                project_id: components["parameters"]["ProjectId"];
                /** @description Id or name of a datastore. */
                datastore: components["parameters"]["Datastore"];
                /** @description Id or name of a datastore version. */
                version: components["parameters"]["Version"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The parameters. */
            200: {
                headers: {
                    "x-openstack-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "configuration-parameters": [
                     *         {
                     *           "name": "max_connections",
                     *           "datastore_version_id": "8c1f6c0a-3c7e-4c55-9a1d-6a0f5d7e2b33",
                     *           "restart_required": false,
                     *           "type": "integer",
                     *           "min": 1,
                     *           "max": 100000
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["ParameterList"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            413: components["responses"]["OverLimit"];
            500: components["responses"]["InternalFault"];
            503: components["responses"]["Unavailable"];
        };
    };
    showParameter: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Project of the token, string for string; any other is refused with 403. */
                project_id: components["parameters"]["ProjectId"];
                /** @description Id or name of a datastore. */
                datastore: components["parameters"]["Datastore"];
                /** @description Id or name of a datastore version. */
                version: components["parameters"]["Version"];
                /** @description Name of a parameter, in any letter case. */
                parameter: components["parameters"]["Parameter"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The parameter. */
            200: {
                headers: {
                    "x-openstack-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "name": "max_connections",
                     *       "datastore_version_id": "8c1f6c0a-3c7e-4c55-9a1d-6a0f5d7e2b33",
                     *       "restart_required": false,
                     *       "type": "integer",
                     *       "min": 1,
                     *       "max": 100000
                     *     }
                     */
                    "application/json": components["schemas"]["Parameter"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            413: components["responses"]["OverLimit"];
            500: components["responses"]["InternalFault"];
            503: components["responses"]["Unavailable"];
        };
    };
    listParametersByVersionId: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Project of the token, string for string; any other is refused with 403. */
                project_id: components["parameters"]["ProjectId"];
                /** @description Id of a datastore version. */
                version_id: components["parameters"]["VersionId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The parameters. */
            200: {
                headers: {
                    "x-openstack-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "configuration-parameters": [
                     *         {
                     *           "name": "max_connections",
                     *           "datastore_version_id": "8c1f6c0a-3c7e-4c55-9a1d-6a0f5d7e2b33",
                     *           "restart_required": false,
                     *           "type": "integer",
                     *           "min": 1,
                     *           "max": 100000
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["ParameterList"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            413: components["responses"]["OverLimit"];
            500: components["responses"]["InternalFault"];
            503: components["responses"]["Unavailable"];
        };
    };
    showParameterByVersionId: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Project of the token, string for string; any other is refused with 403. */
                project_id: components["parameters"]["ProjectId"];
                /** @description Id of a datastore version. */
                version_id: components["parameters"]["VersionId"];
                /** @description Name of a parameter, in any letter case. */
                parameter: components["parameters"]["Parameter"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The parameter. */
            200: {
                headers: {
                    "x-openstack-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "name": "max_connections",
                     *       "datastore_version_id": "8c1f6c0a-3c7e-4c55-9a1d-6a0f5d7e2b33",
                     *       "restart_required": false,
                     *       "type": "integer",
                     *       "min": 1,
                     *       "max": 100000
                     *     }
                     */
                    "application/json": components["schemas"]["Parameter"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            413: components["responses"]["OverLimit"];
            500: components["responses"]["InternalFault"];
            503: components["responses"]["Unavailable"];
        };
    };
    listConfigurations: {
        parameters: {
            query?: {
                /** @description Most items wanted in one page, at least 1. Capped at the page size, which is also the default (20). */
                limit?: components["parameters"]["Limit"];
                /** @description Begin after this item; the last one of the page before. */
                marker?: components["parameters"]["Marker"];
            };
            header?: never;
            path: {
                /** @description Project of the token, string for string; any other is refused with 403. */
                project_id: components["parameters"]["ProjectId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page of groups. */
            200: {
                headers: {
                    "x-openstack-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "configurations": [
                     *         {
                     *           "id": "4d2c1b0a-9f8e-4d7c-8b6a-5e4f3d2c1b0a",
                     *           "name": "busy-shop",
                     *           "description": "For the days before the holidays",
                     *           "created": "2026-08-01T10:00:00",
                     *           "updated": "2026-08-01T10:00:00",
                     *           "datastore_version_id": "8c1f6c0a-3c7e-4c55-9a1d-6a0f5d7e2b33",
                     *           "datastore_name": "mysql",
                     *           "datastore_version_name": "9.7",
                     *           "datastore_version_number": "9.7.4"
                     *         }
                     *       ],
                     *       "links": [
                     *         {
                     *           "rel": "next",
                     *           "href": "http://db.example.org:8779/v1.0/6e1b0c7f6f0d4d0f8a3c7a51f7d2a9b4/configurations?limit=1&marker=4d2c1b0a-9f8e-4d7c-8b6a-5e4f3d2c1b0a"
                     *         }
                     *       ],
                     *       "configurations_links": [
                     *         {
                     *           "rel": "next",
                     *           "href": "http://db.example.org:8779/v1.0/6e1b0c7f6f0d4d0f8a3c7a51f7d2a9b4/configurations?limit=1&marker=4d2c1b0a-9f8e-4d7c-8b6a-5e4f3d2c1b0a"
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["ConfigurationList"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            413: components["responses"]["OverLimit"];
            500: components["responses"]["InternalFault"];
            503: components["responses"]["Unavailable"];
        };
    };
    createConfiguration: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Project of the token, string for string; any other is refused with 403. */
                project_id: components["parameters"]["ProjectId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "configuration": {
                 *         "name": "busy-shop",
                 *         "description": "For the days before the holidays",
                 *         "datastore": {
                 *           "type": "mysql",
                 *           "version": "9.7"
                 *         },
                 *         "values": {
                 *           "max_connections": 200,
                 *           "long_query_time": 0.5
                 *         }
                 *       }
                 *     }
                 */
                "application/json": components["schemas"]["NewConfigurationBody"];
            };
        };
        responses: {
            /** @description The group. */
            200: {
                headers: {
                    "x-openstack-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "configuration": {
                     *         "id": "4d2c1b0a-9f8e-4d7c-8b6a-5e4f3d2c1b0a",
                     *         "name": "busy-shop",
                     *         "description": "For the days before the holidays",
                     *         "created": "2026-08-01T10:00:00",
                     *         "updated": "2026-08-01T10:00:00",
                     *         "datastore_version_id": "8c1f6c0a-3c7e-4c55-9a1d-6a0f5d7e2b33",
                     *         "datastore_name": "mysql",
                     *         "datastore_version_name": "9.7",
                     *         "datastore_version_number": "9.7.4",
                     *         "values": {
                     *           "max_connections": 200,
                     *           "long_query_time": 0.5
                     *         },
                     *         "instance_count": 0
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["ConfigurationReply"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            413: components["responses"]["OverLimit"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["Unprocessable"];
            500: components["responses"]["InternalFault"];
            501: components["responses"]["NotImplemented"];
            503: components["responses"]["Unavailable"];
        };
    };
    showConfiguration: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Project of the token, string for string; any other is refused with 403. */
                project_id: components["parameters"]["ProjectId"];
                /** @description Id of a configuration group. Whatever is not the id of a group of the project is answered with 404. */
                configuration_id: components["parameters"]["ConfigurationId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The group. */
            200: {
                headers: {
                    "x-openstack-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "configuration": {
                     *         "id": "4d2c1b0a-9f8e-4d7c-8b6a-5e4f3d2c1b0a",
                     *         "name": "busy-shop",
                     *         "description": "For the days before the holidays",
                     *         "created": "2026-08-01T10:00:00",
                     *         "updated": "2026-08-01T10:00:00",
                     *         "datastore_version_id": "8c1f6c0a-3c7e-4c55-9a1d-6a0f5d7e2b33",
                     *         "datastore_name": "mysql",
                     *         "datastore_version_name": "9.7",
                     *         "datastore_version_number": "9.7.4",
                     *         "values": {
                     *           "max_connections": 200,
                     *           "long_query_time": 0.5
                     *         },
                     *         "instance_count": 0
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["ConfigurationReply"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            413: components["responses"]["OverLimit"];
            500: components["responses"]["InternalFault"];
            503: components["responses"]["Unavailable"];
        };
    };
    replaceConfiguration: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Project of the token, string for string; any other is refused with 403. */
                project_id: components["parameters"]["ProjectId"];
                /** @description Id of a configuration group. Whatever is not the id of a group of the project is answered with 404. */
                configuration_id: components["parameters"]["ConfigurationId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "configuration": {
                 *         "name": "busy-shop",
                 *         "values": {
                 *           "max_connections": 300
                 *         }
                 *       }
                 *     }
                 */
                "application/json": components["schemas"]["ConfigurationUpdateBody"];
            };
        };
        responses: {
            /** @description Accepted; no body. */
            202: {
                headers: {
                    "x-openstack-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            413: components["responses"]["OverLimit"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["Unprocessable"];
            500: components["responses"]["InternalFault"];
            501: components["responses"]["NotImplemented"];
            503: components["responses"]["Unavailable"];
        };
    };
    deleteConfiguration: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Project of the token, string for string; any other is refused with 403. */
                project_id: components["parameters"]["ProjectId"];
                /** @description Id of a configuration group. Whatever is not the id of a group of the project is answered with 404. */
                configuration_id: components["parameters"]["ConfigurationId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Deleted; no body. */
            202: {
                headers: {
                    "x-openstack-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            413: components["responses"]["OverLimit"];
            500: components["responses"]["InternalFault"];
            503: components["responses"]["Unavailable"];
        };
    };
    updateConfiguration: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Project of the token, string for string; any other is refused with 403. */
                project_id: components["parameters"]["ProjectId"];
                /** @description Id of a configuration group. Whatever is not the id of a group of the project is answered with 404. */
                configuration_id: components["parameters"]["ConfigurationId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "configuration": {
                 *         "values": {
                 *           "max_connections": 300
                 *         }
                 *       }
                 *     }
                 */
                "application/json": components["schemas"]["ConfigurationUpdateBody"];
            };
        };
        responses: {
            /** @description Done; no body. */
            200: {
                headers: {
                    "x-openstack-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            413: components["responses"]["OverLimit"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["Unprocessable"];
            500: components["responses"]["InternalFault"];
            501: components["responses"]["NotImplemented"];
            503: components["responses"]["Unavailable"];
        };
    };
    listConfigurationInstances: {
        parameters: {
            query?: {
                /** @description Most items wanted in one page, at least 1. Capped at the page size, which is also the default (20). */
                limit?: components["parameters"]["Limit"];
                /** @description Begin after this item; the last one of the page before. */
                marker?: components["parameters"]["Marker"];
            };
            header?: never;
            path: {
                /** @description Project of the token, string for string; any other is refused with 403. */
                project_id: components["parameters"]["ProjectId"];
                /** @description Id of a configuration group. Whatever is not the id of a group of the project is answered with 404. */
                configuration_id: components["parameters"]["ConfigurationId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page of instances. */
            200: {
                headers: {
                    "x-openstack-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "instances": [
                     *         {
                     *           "id": "0b6f1c9e-7f0e-4b8e-9a51-0d0e6c2f3a44",
                     *           "name": "orders"
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["ConfigurationInstances"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            413: components["responses"]["OverLimit"];
            500: components["responses"]["InternalFault"];
            503: components["responses"]["Unavailable"];
        };
    };
    listFlavors: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Project of the token, string for string; any other is refused with 403. */
                project_id: components["parameters"]["ProjectId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The flavors. */
            200: {
                headers: {
                    "x-openstack-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "flavors": [
                     *         {
                     *           "id": 2,
                     *           "str_id": "2",
                     *           "name": "small",
                     *           "ram": 2048,
                     *           "vcpus": 1,
                     *           "disk": 10,
                     *           "ephemeral": 0,
                     *           "links": [
                     *             {
                     *               "href": "http://db.example.org:8779/v1.0/6e1b0c7f6f0d4d0f8a3c7a51f7d2a9b4/flavors/2",
                     *               "rel": "self"
                     *             },
                     *             {
                     *               "href": "http://db.example.org:8779/flavors/2",
                     *               "rel": "bookmark"
                     *             }
                     *           ]
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": {
                        /** @description The flavors. */
                        flavors: components["schemas"]["Flavor"][];
                    };
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            413: components["responses"]["OverLimit"];
            500: components["responses"]["InternalFault"];
            503: components["responses"]["Unavailable"];
        };
    };
    showFlavor: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Project of the token, string for string; any other is refused with 403. */
                project_id: components["parameters"]["ProjectId"];
                /** @description Id of a flavor, as in `str_id`. */
                flavor_id: components["parameters"]["FlavorId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The flavor. */
            200: {
                headers: {
                    "x-openstack-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "flavor": {
                     *         "id": 2,
                     *         "str_id": "2",
                     *         "name": "small",
                     *         "ram": 2048,
                     *         "vcpus": 1,
                     *         "disk": 10,
                     *         "ephemeral": 0,
                     *         "links": [
                     *           {
                     *             "href": "http://db.example.org:8779/v1.0/6e1b0c7f6f0d4d0f8a3c7a51f7d2a9b4/flavors/2",
                     *             "rel": "self"
                     *           },
                     *           {
                     *             "href": "http://db.example.org:8779/flavors/2",
                     *             "rel": "bookmark"
                     *           }
                     *         ]
                     *       }
                     *     }
                     */
                    "application/json": {
                        /** @description The flavor. */
                        flavor: components["schemas"]["Flavor"];
                    };
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            413: components["responses"]["OverLimit"];
            500: components["responses"]["InternalFault"];
            503: components["responses"]["Unavailable"];
        };
    };
    listInstances: {
        parameters: {
            query?: {
                /** @description Most items wanted in one page, at least 1. Capped at the page size, which is also the default (20). */
                limit?: components["parameters"]["Limit"];
                /** @description Begin after this item; the last one of the page before. */
                marker?: components["parameters"]["Marker"];
                /** @description Members of clusters are listed too when this is `true`, in any letter case. */
                include_clustered?: string;
            };
            header?: never;
            path: {
                /** @description Project of the token, string for string; any other is refused with 403. */
                project_id: components["parameters"]["ProjectId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page of instances. */
            200: {
                headers: {
                    "x-openstack-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "instances": [
                     *         {
                     *           "id": "0b6f1c9e-7f0e-4b8e-9a51-0d0e6c2f3a44",
                     *           "name": "orders",
                     *           "status": "ACTIVE",
                     *           "operating_status": "HEALTHY",
                     *           "links": [
                     *             {
                     *               "href": "http://db.example.org:8779/v1.0/6e1b0c7f6f0d4d0f8a3c7a51f7d2a9b4/instances/0b6f1c9e-7f0e-4b8e-9a51-0d0e6c2f3a44",
                     *               "rel": "self"
                     *             },
                     *             {
                     *               "href": "http://db.example.org:8779/instances/0b6f1c9e-7f0e-4b8e-9a51-0d0e6c2f3a44",
                     *               "rel": "bookmark"
                     *             }
                     *           ],
                     *           "flavor": {
                     *             "id": "2",
                     *             "links": [
                     *               {
                     *                 "href": "http://db.example.org:8779/v1.0/6e1b0c7f6f0d4d0f8a3c7a51f7d2a9b4/flavors/2",
                     *                 "rel": "self"
                     *               },
                     *               {
                     *                 "href": "http://db.example.org:8779/flavors/2",
                     *                 "rel": "bookmark"
                     *               }
                     *             ]
                     *           },
                     *           "datastore": {
                     *             "type": "mysql",
                     *             "version": "9.7"
                     *           },
                     *           "region": "RegionOne",
                     *           "access": {
                     *             "is_public": false
                     *           },
                     *           "volume": {
                     *             "size": 5
                     *           },
                     *           "addresses": [
                     *             {
                     *               "address": "10.20.0.7",
                     *               "type": "private",
                     *               "network": "5a4d1c1e-0f3b-4b1c-8f57-2a9f6f2f9c10"
                     *             }
                     *           ],
                     *           "ip": [
                     *             "10.20.0.7"
                     *           ]
                     *         }
                     *       ],
                     *       "links": [
                     *         {
                     *           "rel": "next",
                     *           "href": "http://db.example.org:8779/v1.0/6e1b0c7f6f0d4d0f8a3c7a51f7d2a9b4/instances?limit=1&marker=0b6f1c9e-7f0e-4b8e-9a51-0d0e6c2f3a44"
                     *         }
                     *       ],
                     *       "instances_links": [
                     *         {
                     *           "rel": "next",
                     *           "href": "http://db.example.org:8779/v1.0/6e1b0c7f6f0d4d0f8a3c7a51f7d2a9b4/instances?limit=1&marker=0b6f1c9e-7f0e-4b8e-9a51-0d0e6c2f3a44"
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["InstanceSummaryList"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            413: components["responses"]["OverLimit"];
            500: components["responses"]["InternalFault"];
            503: components["responses"]["Unavailable"];
        };
    };
    createInstance: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Project of the token, string for string; any other is refused with 403. */
                project_id: components["parameters"]["ProjectId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "instance": {
                 *         "name": "orders",
                 *         "flavorRef": "2",
                 *         "volume": {
                 *           "size": 5,
                 *           "type": null
                 *         },
                 *         "datastore": {
                 *           "type": "mysql",
                 *           "version": "9.7"
                 *         },
                 *         "databases": [
                 *           {
                 *             "name": "shop",
                 *             "character_set": "utf8mb4"
                 *           }
                 *         ],
                 *         "users": [
                 *           {
                 *             "name": "app",
                 *             "password": "s3cret-Words",
                 *             "host": "%",
                 *             "databases": [
                 *               {
                 *                 "name": "shop"
                 *               }
                 *             ]
                 *           }
                 *         ],
                 *         "access": {
                 *           "is_public": false
                 *         }
                 *       }
                 *     }
                 */
                "application/json": components["schemas"]["NewInstanceBody"];
            };
        };
        responses: {
            /** @description The instance, in status BUILD. */
            200: {
                headers: {
                    "x-openstack-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "instance": {
                     *         "id": "0b6f1c9e-7f0e-4b8e-9a51-0d0e6c2f3a44",
                     *         "name": "orders",
                     *         "status": "BUILD",
                     *         "operating_status": "",
                     *         "links": [
                     *           {
                     *             "href": "http://db.example.org:8779/v1.0/6e1b0c7f6f0d4d0f8a3c7a51f7d2a9b4/instances/0b6f1c9e-7f0e-4b8e-9a51-0d0e6c2f3a44",
                     *             "rel": "self"
                     *           },
                     *           {
                     *             "href": "http://db.example.org:8779/instances/0b6f1c9e-7f0e-4b8e-9a51-0d0e6c2f3a44",
                     *             "rel": "bookmark"
                     *           }
                     *         ],
                     *         "flavor": {
                     *           "id": "2",
                     *           "links": [
                     *             {
                     *               "href": "http://db.example.org:8779/v1.0/6e1b0c7f6f0d4d0f8a3c7a51f7d2a9b4/flavors/2",
                     *               "rel": "self"
                     *             },
                     *             {
                     *               "href": "http://db.example.org:8779/flavors/2",
                     *               "rel": "bookmark"
                     *             }
                     *           ]
                     *         },
                     *         "datastore": {
                     *           "type": "mysql",
                     *           "version": "9.7",
                     *           "version_number": "9.7.4"
                     *         },
                     *         "region": "RegionOne",
                     *         "access": {
                     *           "is_public": false
                     *         },
                     *         "volume": {
                     *           "size": 5
                     *         },
                     *         "created": "2026-08-01T10:00:00",
                     *         "updated": "2026-08-01T10:00:00",
                     *         "service_status_updated": "2026-08-01T10:00:00"
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["InstanceReply"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["UnauthorizedOrRefused"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            413: components["responses"]["OverLimit"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["Unprocessable"];
            500: components["responses"]["InternalFault"];
            501: components["responses"]["NotImplemented"];
            503: components["responses"]["Unavailable"];
        };
    };
    listInstanceDetails: {
        parameters: {
            query?: {
                /** @description Most items wanted in one page, at least 1. Capped at the page size, which is also the default (20). */
                limit?: components["parameters"]["Limit"];
                /** @description Begin after this item; the last one of the page before. */
                marker?: components["parameters"]["Marker"];
                /** @description Members of clusters are listed too when this is `true`, in any letter case. */
                include_clustered?: string;
            };
            header?: never;
            path: {
                /** @description Project of the token, string for string; any other is refused with 403. */
                project_id: components["parameters"]["ProjectId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page of instances. */
            200: {
                headers: {
                    "x-openstack-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "instances": [
                     *         {
                     *           "id": "0b6f1c9e-7f0e-4b8e-9a51-0d0e6c2f3a44",
                     *           "name": "orders",
                     *           "status": "ACTIVE",
                     *           "operating_status": "HEALTHY",
                     *           "links": [
                     *             {
                     *               "href": "http://db.example.org:8779/v1.0/6e1b0c7f6f0d4d0f8a3c7a51f7d2a9b4/instances/0b6f1c9e-7f0e-4b8e-9a51-0d0e6c2f3a44",
                     *               "rel": "self"
                     *             },
                     *             {
                     *               "href": "http://db.example.org:8779/instances/0b6f1c9e-7f0e-4b8e-9a51-0d0e6c2f3a44",
                     *               "rel": "bookmark"
                     *             }
                     *           ],
                     *           "flavor": {
                     *             "id": "2",
                     *             "links": [
                     *               {
                     *                 "href": "http://db.example.org:8779/v1.0/6e1b0c7f6f0d4d0f8a3c7a51f7d2a9b4/flavors/2",
                     *                 "rel": "self"
                     *               },
                     *               {
                     *                 "href": "http://db.example.org:8779/flavors/2",
                     *                 "rel": "bookmark"
                     *               }
                     *             ]
                     *           },
                     *           "datastore": {
                     *             "type": "mysql",
                     *             "version": "9.7",
                     *             "version_number": "9.7.4"
                     *           },
                     *           "region": "RegionOne",
                     *           "access": {
                     *             "is_public": false
                     *           },
                     *           "volume": {
                     *             "size": 5
                     *           },
                     *           "addresses": [
                     *             {
                     *               "address": "10.20.0.7",
                     *               "type": "private",
                     *               "network": "5a4d1c1e-0f3b-4b1c-8f57-2a9f6f2f9c10"
                     *             }
                     *           ],
                     *           "ip": [
                     *             "10.20.0.7"
                     *           ],
                     *           "created": "2026-08-01T10:00:00",
                     *           "updated": "2026-08-01T10:00:00",
                     *           "service_status_updated": "2026-08-01T10:00:00"
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["InstanceList"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            413: components["responses"]["OverLimit"];
            500: components["responses"]["InternalFault"];
            503: components["responses"]["Unavailable"];
        };
    };
    showInstance: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Project of the token, string for string; any other is refused with 403. */
                project_id: components["parameters"]["ProjectId"];
                /** @description Id of an instance. Whatever is not the id of an instance of the project is answered with 404. */
                instance_id: components["parameters"]["InstanceId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The instance. */
            200: {
                headers: {
                    "x-openstack-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "instance": {
                     *         "id": "0b6f1c9e-7f0e-4b8e-9a51-0d0e6c2f3a44",
                     *         "name": "orders",
                     *         "status": "ACTIVE",
                     *         "operating_status": "HEALTHY",
                     *         "links": [
                     *           {
                     *             "href": "http://db.example.org:8779/v1.0/6e1b0c7f6f0d4d0f8a3c7a51f7d2a9b4/instances/0b6f1c9e-7f0e-4b8e-9a51-0d0e6c2f3a44",
                     *             "rel": "self"
                     *           },
                     *           {
                     *             "href": "http://db.example.org:8779/instances/0b6f1c9e-7f0e-4b8e-9a51-0d0e6c2f3a44",
                     *             "rel": "bookmark"
                     *           }
                     *         ],
                     *         "flavor": {
                     *           "id": "2",
                     *           "links": [
                     *             {
                     *               "href": "http://db.example.org:8779/v1.0/6e1b0c7f6f0d4d0f8a3c7a51f7d2a9b4/flavors/2",
                     *               "rel": "self"
                     *             },
                     *             {
                     *               "href": "http://db.example.org:8779/flavors/2",
                     *               "rel": "bookmark"
                     *             }
                     *           ]
                     *         },
                     *         "datastore": {
                     *           "type": "mysql",
                     *           "version": "9.7",
                     *           "version_number": "9.7.4"
                     *         },
                     *         "region": "RegionOne",
                     *         "access": {
                     *           "is_public": false
                     *         },
                     *         "volume": {
                     *           "size": 5
                     *         },
                     *         "addresses": [
                     *           {
                     *             "address": "10.20.0.7",
                     *             "type": "private",
                     *             "network": "5a4d1c1e-0f3b-4b1c-8f57-2a9f6f2f9c10"
                     *           }
                     *         ],
                     *         "ip": [
                     *           "10.20.0.7"
                     *         ],
                     *         "created": "2026-08-01T10:00:00",
                     *         "updated": "2026-08-01T10:00:00",
                     *         "service_status_updated": "2026-08-01T10:00:00"
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["InstanceReply"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            413: components["responses"]["OverLimit"];
            500: components["responses"]["InternalFault"];
            503: components["responses"]["Unavailable"];
        };
    };
    updateInstance: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Project of the token, string for string; any other is refused with 403. */
                project_id: components["parameters"]["ProjectId"];
                /** @description Id of an instance. Whatever is not the id of an instance of the project is answered with 404. */
                instance_id: components["parameters"]["InstanceId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "instance": {
                 *         "name": "orders",
                 *         "configuration": "4d2c1b0a-9f8e-4d7c-8b6a-5e4f3d2c1b0a"
                 *       }
                 *     }
                 */
                "application/json": components["schemas"]["InstanceUpdateBody"];
            };
        };
        responses: {
            /** @description Accepted; no body. */
            202: {
                headers: {
                    "x-openstack-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            413: components["responses"]["OverLimit"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["Unprocessable"];
            500: components["responses"]["InternalFault"];
            501: components["responses"]["NotImplemented"];
            503: components["responses"]["Unavailable"];
        };
    };
    deleteInstance: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Project of the token, string for string; any other is refused with 403. */
                project_id: components["parameters"]["ProjectId"];
                /** @description Id of an instance. Whatever is not the id of an instance of the project is answered with 404. */
                instance_id: components["parameters"]["InstanceId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Accepted; no body. */
            202: {
                headers: {
                    "x-openstack-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            413: components["responses"]["OverLimit"];
            422: components["responses"]["Unprocessable"];
            500: components["responses"]["InternalFault"];
            501: components["responses"]["NotImplemented"];
            503: components["responses"]["Unavailable"];
        };
    };
    patchInstance: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Project of the token, string for string; any other is refused with 403. */
                project_id: components["parameters"]["ProjectId"];
                /** @description Id of an instance. Whatever is not the id of an instance of the project is answered with 404. */
                instance_id: components["parameters"]["InstanceId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "instance": {
                 *         "name": "orders",
                 *         "configuration": "4d2c1b0a-9f8e-4d7c-8b6a-5e4f3d2c1b0a"
                 *       }
                 *     }
                 */
                "application/json": components["schemas"]["InstancePatchBody"];
            };
        };
        responses: {
            /** @description Accepted; no body. */
            202: {
                headers: {
                    "x-openstack-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            413: components["responses"]["OverLimit"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["Unprocessable"];
            500: components["responses"]["InternalFault"];
            501: components["responses"]["NotImplemented"];
            503: components["responses"]["Unavailable"];
        };
    };
    actOnInstance: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Project of the token, string for string; any other is refused with 403. */
                project_id: components["parameters"]["ProjectId"];
                /** @description Id of an instance. Whatever is not the id of an instance of the project is answered with 404. */
                instance_id: components["parameters"]["InstanceId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "restart": {}
                 *     }
                 */
                "application/json": components["schemas"]["InstanceActionBody"];
            };
        };
        responses: {
            /** @description Accepted; no body. */
            202: {
                headers: {
                    "x-openstack-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            413: components["responses"]["OverLimit"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["Unprocessable"];
            500: components["responses"]["InternalFault"];
            501: components["responses"]["NotImplemented"];
            503: components["responses"]["Unavailable"];
        };
    };
    explainInstance: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Project of the token, string for string; any other is refused with 403. */
                project_id: components["parameters"]["ProjectId"];
                /** @description Id of an instance. Whatever is not the id of an instance of the project is answered with 404. */
                instance_id: components["parameters"]["InstanceId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The explanation. */
            200: {
                headers: {
                    "x-openstack-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["InstanceWhyReply"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            413: components["responses"]["OverLimit"];
            500: components["responses"]["InternalFault"];
            503: components["responses"]["Unavailable"];
        };
    };
    showInstanceDefaults: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Project of the token, string for string; any other is refused with 403. */
                project_id: components["parameters"]["ProjectId"];
                /** @description Id of an instance. Whatever is not the id of an instance of the project is answered with 404. */
                instance_id: components["parameters"]["InstanceId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The parameters. */
            200: {
                headers: {
                    "x-openstack-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "instance": {
                     *         "configuration": {
                     *           "max_connections": 100,
                     *           "innodb_buffer_pool_size": 268435456
                     *         }
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["InstanceDefaults"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            413: components["responses"]["OverLimit"];
            422: components["responses"]["Unprocessable"];
            500: components["responses"]["InternalFault"];
            503: components["responses"]["Unavailable"];
        };
    };
    listInstanceParameters: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Project of the token, string for string; any other is refused with 403. */
                project_id: components["parameters"]["ProjectId"];
                /** @description Id of an instance. Whatever is not the id of an instance of the project is answered with 404. */
                instance_id: components["parameters"]["InstanceId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The parameters. */
            200: {
                headers: {
                    "x-openstack-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "parameters": [
                     *         {
                     *           "name": "max_connections",
                     *           "set_by": "configuration",
                     *           "wanted": 200,
                     *           "in_force": 151,
                     *           "differs": true
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["InstanceParameters"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            413: components["responses"]["OverLimit"];
            422: components["responses"]["Unprocessable"];
            500: components["responses"]["InternalFault"];
            501: components["responses"]["NotImplemented"];
            503: components["responses"]["Unavailable"];
        };
    };
    showSsl: {
        parameters: {
            query?: {
                /** @description The certificate itself is told too when this is any text that is not empty. */
                include_certificate?: string;
            };
            header?: never;
            path: {
                /** @description Project of the token, string for string; any other is refused with 403. */
                project_id: components["parameters"]["ProjectId"];
                /** @description Id of an instance. Whatever is not the id of an instance of the project is answered with 404. */
                instance_id: components["parameters"]["InstanceId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description TLS as it is. */
            200: {
                headers: {
                    "x-openstack-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "ssl": {
                     *         "status": "on",
                     *         "mode": "builtin",
                     *         "certificate": {
                     *           "cn": "0b6f1c9e-7f0e-4b8e-9a51-0d0e6c2f3a44",
                     *           "san": [
                     *             "10.20.0.7"
                     *           ],
                     *           "expire_at": "2027-08-01T10:00:00"
                     *         },
                     *         "ca": "-----BEGIN CERTIFICATE-----\nMIIB…\n-----END CERTIFICATE-----\n"
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["SslReply"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            413: components["responses"]["OverLimit"];
            422: components["responses"]["Unprocessable"];
            500: components["responses"]["InternalFault"];
            501: components["responses"]["NotImplemented"];
            503: components["responses"]["Unavailable"];
        };
    };
    changeSsl: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Project of the token, string for string; any other is refused with 403. */
                project_id: components["parameters"]["ProjectId"];
                /** @description Id of an instance. Whatever is not the id of an instance of the project is answered with 404. */
                instance_id: components["parameters"]["InstanceId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "ssl": {
                 *         "renew": true
                 *       }
                 *     }
                 */
                "application/json": components["schemas"]["SslBody"];
            };
        };
        responses: {
            /** @description Accepted. */
            200: {
                headers: {
                    "x-openstack-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "ssl": {
                     *         "restart_required": false
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["SslChanged"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            413: components["responses"]["OverLimit"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["Unprocessable"];
            500: components["responses"]["InternalFault"];
            501: components["responses"]["NotImplemented"];
            503: components["responses"]["Unavailable"];
        };
    };
    listLogs: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Project of the token, string for string; any other is refused with 403. */
                project_id: components["parameters"]["ProjectId"];
                /** @description Id of an instance. Whatever is not the id of an instance of the project is answered with 404. */
                instance_id: components["parameters"]["InstanceId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The logs. */
            200: {
                headers: {
                    "x-openstack-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "logs": [
                     *         {
                     *           "name": "general",
                     *           "type": "USER",
                     *           "status": "Ready",
                     *           "published": 0,
                     *           "pending": 18220,
                     *           "container": "None",
                     *           "prefix": "None",
                     *           "metafile": "0b6f1c9e-7f0e-4b8e-9a51-0d0e6c2f3a44/mysql-general_metafile"
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["LogList"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            413: components["responses"]["OverLimit"];
            422: components["responses"]["Unprocessable"];
            500: components["responses"]["InternalFault"];
            501: components["responses"]["NotImplemented"];
            503: components["responses"]["Unavailable"];
        };
    };
    changeLog: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Project of the token, string for string; any other is refused with 403. */
                project_id: components["parameters"]["ProjectId"];
                /** @description Id of an instance. Whatever is not the id of an instance of the project is answered with 404. */
                instance_id: components["parameters"]["InstanceId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "name": "general",
                 *       "enable": 1
                 *     }
                 */
                "application/json": components["schemas"]["LogChange"];
            };
        };
        responses: {
            /** @description The log. */
            200: {
                headers: {
                    "x-openstack-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "log": {
                     *         "name": "general",
                     *         "type": "USER",
                     *         "status": "Ready",
                     *         "published": 0,
                     *         "pending": 18220,
                     *         "container": "None",
                     *         "prefix": "None",
                     *         "metafile": "0b6f1c9e-7f0e-4b8e-9a51-0d0e6c2f3a44/mysql-general_metafile"
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["LogReply"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            413: components["responses"]["OverLimit"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["Unprocessable"];
            500: components["responses"]["InternalFault"];
            501: components["responses"]["NotImplemented"];
            503: components["responses"]["Unavailable"];
        };
    };
    tailLog: {
        parameters: {
            query?: {
                /** @description How many lines at most. */
                lines?: number;
            };
            header?: never;
            path: {
                /** @description Project of the token, string for string; any other is refused with 403. */
                project_id: components["parameters"]["ProjectId"];
                /** @description Id of an instance. Whatever is not the id of an instance of the project is answered with 404. */
                instance_id: components["parameters"]["InstanceId"];
                /** @description Name of a log of the instance; an unknown one is answered with 400. */
                log: components["parameters"]["LogName"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The last lines. */
            200: {
                headers: {
                    "x-openstack-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "log": {
                     *         "name": "slow_query",
                     *         "lines": [
                     *           "# Query_time: 2.000171  Lock_time: 0.000000 Rows_sent: 1  Rows_examined: 1",
                     *           "select sleep(2);"
                     *         ],
                     *         "is_cut": false
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["LogTail"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            413: components["responses"]["OverLimit"];
            422: components["responses"]["Unprocessable"];
            500: components["responses"]["InternalFault"];
            501: components["responses"]["NotImplemented"];
            503: components["responses"]["Unavailable"];
        };
    };
    showMetrics: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Project of the token, string for string; any other is refused with 403. */
                project_id: components["parameters"]["ProjectId"];
                /** @description Id of an instance. Whatever is not the id of an instance of the project is answered with 404. */
                instance_id: components["parameters"]["InstanceId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The figures of this moment. */
            200: {
                headers: {
                    "x-openstack-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "metrics": {
                     *         "uptime_seconds": 86400,
                     *         "connections": {
                     *           "open": 12,
                     *           "limit": 200
                     *         },
                     *         "transactions": 481516,
                     *         "buffer": {
                     *           "requests": 2342000,
                     *           "hits": 2341000,
                     *           "hit_ratio": 0.9996
                     *         },
                     *         "volume": {
                     *           "used_bytes": 1288490188,
                     *           "total_bytes": 5368709120
                     *         },
                     *         "engine": {
                     *           "Threads_running": 3,
                     *           "Slow_queries": 7
                     *         }
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["MetricsReply"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            413: components["responses"]["OverLimit"];
            422: components["responses"]["Unprocessable"];
            500: components["responses"]["InternalFault"];
            501: components["responses"]["NotImplemented"];
            503: components["responses"]["Unavailable"];
        };
    };
    listDatabases: {
        parameters: {
            query?: {
                /** @description Most items wanted in one page, at least 1. Capped at the page size, which is also the default (20). */
                limit?: components["parameters"]["Limit"];
                /** @description Begin after this item; the last one of the page before. */
                marker?: components["parameters"]["Marker"];
            };
            header?: never;
            path: {
                /** @description Project of the token, string for string; any other is refused with 403. */
                project_id: components["parameters"]["ProjectId"];
                /** @description Id of an instance. Whatever is not the id of an instance of the project is answered with 404. */
                instance_id: components["parameters"]["InstanceId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page of databases. */
            200: {
                headers: {
                    "x-openstack-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "databases": [
                     *         {
                     *           "name": "shop"
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["DatabaseList"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            413: components["responses"]["OverLimit"];
            422: components["responses"]["Unprocessable"];
            500: components["responses"]["InternalFault"];
            501: components["responses"]["NotImplemented"];
            503: components["responses"]["Unavailable"];
        };
    };
    createDatabases: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Project of the token, string for string; any other is refused with 403. */
                project_id: components["parameters"]["ProjectId"];
                /** @description Id of an instance. Whatever is not the id of an instance of the project is answered with 404. */
                instance_id: components["parameters"]["InstanceId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "databases": [
                 *         {
                 *           "name": "shop",
                 *           "character_set": "utf8mb4",
                 *           "collate": "utf8mb4_0900_ai_ci"
                 *         },
                 *         {
                 *           "name": "audit"
                 *         }
                 *       ]
                 *     }
                 */
                "application/json": components["schemas"]["NewDatabases"];
            };
        };
        responses: {
            /** @description Made; no body. */
            202: {
                headers: {
                    "x-openstack-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            413: components["responses"]["OverLimit"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["Unprocessable"];
            500: components["responses"]["InternalFault"];
            501: components["responses"]["NotImplemented"];
            503: components["responses"]["Unavailable"];
        };
    };
    showDatabase: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Project of the token, string for string; any other is refused with 403. */
                project_id: components["parameters"]["ProjectId"];
                /** @description Id of an instance. Whatever is not the id of an instance of the project is answered with 404. */
                instance_id: components["parameters"]["InstanceId"];
                /** @description Name of a database, percent-encoded; dots belong to the name. */
                database: components["parameters"]["Database"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            413: components["responses"]["OverLimit"];
            422: components["responses"]["Unprocessable"];
            500: components["responses"]["InternalFault"];
            501: components["responses"]["NotImplemented"];
            503: components["responses"]["Unavailable"];
        };
    };
    deleteDatabase: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Project of the token, string for string; any other is refused with 403. */
                project_id: components["parameters"]["ProjectId"];
                /** @description Id of an instance. Whatever is not the id of an instance of the project is answered with 404. */
                instance_id: components["parameters"]["InstanceId"];
                /** @description Name of a database, percent-encoded; dots belong to the name. */
                database: components["parameters"]["Database"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Dropped; no body. */
            202: {
                headers: {
                    "x-openstack-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            413: components["responses"]["OverLimit"];
            422: components["responses"]["Unprocessable"];
            500: components["responses"]["InternalFault"];
            501: components["responses"]["NotImplemented"];
            503: components["responses"]["Unavailable"];
        };
    };
    listUsers: {
        parameters: {
            query?: {
                /** @description Most items wanted in one page, at least 1. Capped at the page size, which is also the default (20). */
                limit?: components["parameters"]["Limit"];
                /** @description Begin after this item; the last one of the page before. */
                marker?: components["parameters"]["Marker"];
            };
            header?: never;
            path: {
                /** @description Project of the token, string for string; any other is refused with 403. */
                project_id: components["parameters"]["ProjectId"];
                /** @description Id of an instance. Whatever is not the id of an instance of the project is answered with 404. */
                instance_id: components["parameters"]["InstanceId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page of users. */
            200: {
                headers: {
                    "x-openstack-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "users": [
                     *         {
                     *           "name": "app",
                     *           "host": "%",
                     *           "databases": [
                     *             {
                     *               "name": "shop"
                     *             }
                     *           ]
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["UserList"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            413: components["responses"]["OverLimit"];
            422: components["responses"]["Unprocessable"];
            500: components["responses"]["InternalFault"];
            501: components["responses"]["NotImplemented"];
            503: components["responses"]["Unavailable"];
        };
    };
    changePasswords: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Project of the token, string for string; any other is refused with 403. */
                project_id: components["parameters"]["ProjectId"];
                /** @description Id of an instance. Whatever is not the id of an instance of the project is answered with 404. */
                instance_id: components["parameters"]["InstanceId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "users": [
                 *         {
                 *           "name": "app",
                 *           "password": "n3w-s3cret-Words",
                 *           "host": "%"
                 *         }
                 *       ]
                 *     }
                 */
                "application/json": components["schemas"]["NewPasswords"];
            };
        };
        responses: {
            /** @description Changed; no body. */
            202: {
                headers: {
                    "x-openstack-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            413: components["responses"]["OverLimit"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["Unprocessable"];
            500: components["responses"]["InternalFault"];
            501: components["responses"]["NotImplemented"];
            503: components["responses"]["Unavailable"];
        };
    };
    createUsers: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Project of the token, string for string; any other is refused with 403. */
                project_id: components["parameters"]["ProjectId"];
                /** @description Id of an instance. Whatever is not the id of an instance of the project is answered with 404. */
                instance_id: components["parameters"]["InstanceId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "users": [
                 *         {
                 *           "name": "app",
                 *           "password": "s3cret-Words",
                 *           "host": "%",
                 *           "databases": [
                 *             {
                 *               "name": "shop"
                 *             }
                 *           ]
                 *         }
                 *       ]
                 *     }
                 */
                "application/json": components["schemas"]["NewUsers"];
            };
        };
        responses: {
            /** @description Made; no body. */
            202: {
                headers: {
                    "x-openstack-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            413: components["responses"]["OverLimit"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["Unprocessable"];
            500: components["responses"]["InternalFault"];
            501: components["responses"]["NotImplemented"];
            503: components["responses"]["Unavailable"];
        };
    };
    showUser: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Project of the token, string for string; any other is refused with 403. */
                project_id: components["parameters"]["ProjectId"];
                /** @description Id of an instance. Whatever is not the id of an instance of the project is answered with 404. */
                instance_id: components["parameters"]["InstanceId"];
                /** @description `name` or `name@host`, percent-encoded, split at the last `@`. Without a host, `%` is meant. */
                user: components["parameters"]["User"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The user. */
            200: {
                headers: {
                    "x-openstack-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "user": {
                     *         "name": "app",
                     *         "host": "%",
                     *         "databases": [
                     *           {
                     *             "name": "shop"
                     *           }
                     *         ]
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["ShownUser"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            413: components["responses"]["OverLimit"];
            422: components["responses"]["Unprocessable"];
            500: components["responses"]["InternalFault"];
            501: components["responses"]["NotImplemented"];
            503: components["responses"]["Unavailable"];
        };
    };
    updateUser: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Project of the token, string for string; any other is refused with 403. */
                project_id: components["parameters"]["ProjectId"];
                /** @description Id of an instance. Whatever is not the id of an instance of the project is answered with 404. */
                instance_id: components["parameters"]["InstanceId"];
                /** @description `name` or `name@host`, percent-encoded, split at the last `@`. Without a host, `%` is meant. */
                user: components["parameters"]["User"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "user": {
                 *         "name": "app2",
                 *         "host": "10.0.0.%"
                 *       }
                 *     }
                 */
                "application/json": components["schemas"]["UserUpdate"];
            };
        };
        responses: {
            /** @description Updated; no body. */
            202: {
                headers: {
                    "x-openstack-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            413: components["responses"]["OverLimit"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["Unprocessable"];
            500: components["responses"]["InternalFault"];
            501: components["responses"]["NotImplemented"];
            503: components["responses"]["Unavailable"];
        };
    };
    deleteUser: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Project of the token, string for string; any other is refused with 403. */
                project_id: components["parameters"]["ProjectId"];
                /** @description Id of an instance. Whatever is not the id of an instance of the project is answered with 404. */
                instance_id: components["parameters"]["InstanceId"];
                /** @description `name` or `name@host`, percent-encoded, split at the last `@`. Without a host, `%` is meant. */
                user: components["parameters"]["User"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Dropped; no body. */
            202: {
                headers: {
                    "x-openstack-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            413: components["responses"]["OverLimit"];
            422: components["responses"]["Unprocessable"];
            500: components["responses"]["InternalFault"];
            501: components["responses"]["NotImplemented"];
            503: components["responses"]["Unavailable"];
        };
    };
    listGrants: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Project of the token, string for string; any other is refused with 403. */
                project_id: components["parameters"]["ProjectId"];
                /** @description Id of an instance. Whatever is not the id of an instance of the project is answered with 404. */
                instance_id: components["parameters"]["InstanceId"];
                /** @description `name` or `name@host`, percent-encoded, split at the last `@`. Without a host, `%` is meant. */
                user: components["parameters"]["User"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The databases. */
            200: {
                headers: {
                    "x-openstack-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "databases": [
                     *         {
                     *           "name": "shop"
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["GrantList"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            413: components["responses"]["OverLimit"];
            422: components["responses"]["Unprocessable"];
            500: components["responses"]["InternalFault"];
            501: components["responses"]["NotImplemented"];
            503: components["responses"]["Unavailable"];
        };
    };
    grantDatabases: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Project of the token, string for string; any other is refused with 403. */
                project_id: components["parameters"]["ProjectId"];
                /** @description Id of an instance. Whatever is not the id of an instance of the project is answered with 404. */
                instance_id: components["parameters"]["InstanceId"];
                /** @description `name` or `name@host`, percent-encoded, split at the last `@`. Without a host, `%` is meant. */
                user: components["parameters"]["User"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "databases": [
                 *         {
                 *           "name": "shop"
                 *         },
                 *         {
                 *           "name": "audit"
                 *         }
                 *       ]
                 *     }
                 */
                "application/json": components["schemas"]["Grants"];
            };
        };
        responses: {
            /** @description Granted; no body. */
            202: {
                headers: {
                    "x-openstack-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            413: components["responses"]["OverLimit"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["Unprocessable"];
            500: components["responses"]["InternalFault"];
            501: components["responses"]["NotImplemented"];
            503: components["responses"]["Unavailable"];
        };
    };
    revokeDatabase: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Project of the token, string for string; any other is refused with 403. */
                project_id: components["parameters"]["ProjectId"];
                /** @description Id of an instance. Whatever is not the id of an instance of the project is answered with 404. */
                instance_id: components["parameters"]["InstanceId"];
                /** @description `name` or `name@host`, percent-encoded, split at the last `@`. Without a host, `%` is meant. */
                user: components["parameters"]["User"];
                /** @description Name of a database, percent-encoded; dots belong to the name. */
                database: components["parameters"]["Database"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Revoked; no body. */
            202: {
                headers: {
                    "x-openstack-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            413: components["responses"]["OverLimit"];
            422: components["responses"]["Unprocessable"];
            500: components["responses"]["InternalFault"];
            501: components["responses"]["NotImplemented"];
            503: components["responses"]["Unavailable"];
        };
    };
    showRoot: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Project of the token, string for string; any other is refused with 403. */
                project_id: components["parameters"]["ProjectId"];
                /** @description Id of an instance. Whatever is not the id of an instance of the project is answered with 404. */
                instance_id: components["parameters"]["InstanceId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Whether it is enabled. */
            200: {
                headers: {
                    "x-openstack-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "rootEnabled": true
                     *     }
                     */
                    "application/json": components["schemas"]["RootState"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            413: components["responses"]["OverLimit"];
            422: components["responses"]["Unprocessable"];
            500: components["responses"]["InternalFault"];
            501: components["responses"]["NotImplemented"];
            503: components["responses"]["Unavailable"];
        };
    };
    enableRoot: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Project of the token, string for string; any other is refused with 403. */
                project_id: components["parameters"]["ProjectId"];
                /** @description Id of an instance. Whatever is not the id of an instance of the project is answered with 404. */
                instance_id: components["parameters"]["InstanceId"];
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                /**
                 * @example {
                 *       "password": "s3cret-Words-of-root"
                 *     }
                 */
                "application/json": components["schemas"]["RootPassword"];
            };
        };
        responses: {
            /** @description Enabled; the only answer that tells the password. */
            200: {
                headers: {
                    "x-openstack-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "user": {
                     *         "name": "root",
                     *         "password": "s3cret-Words-of-root"
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["EnabledRoot"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            413: components["responses"]["OverLimit"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["Unprocessable"];
            500: components["responses"]["InternalFault"];
            501: components["responses"]["NotImplemented"];
            503: components["responses"]["Unavailable"];
        };
    };
    disableRoot: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Project of the token, string for string; any other is refused with 403. */
                project_id: components["parameters"]["ProjectId"];
                /** @description Id of an instance. Whatever is not the id of an instance of the project is answered with 404. */
                instance_id: components["parameters"]["InstanceId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Disabled; no body. */
            204: {
                headers: {
                    "x-openstack-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            413: components["responses"]["OverLimit"];
            422: components["responses"]["Unprocessable"];
            500: components["responses"]["InternalFault"];
            501: components["responses"]["NotImplemented"];
            503: components["responses"]["Unavailable"];
        };
    };
    showRootHistory: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Project of the token, string for string; any other is refused with 403. */
                project_id: components["parameters"]["ProjectId"];
                /** @description Id of an instance. Whatever is not the id of an instance of the project is answered with 404. */
                instance_id: components["parameters"]["InstanceId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Who and when. */
            200: {
                headers: {
                    "x-openstack-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "root_history": {
                     *         "id": "0b6f1c9e-7f0e-4b8e-9a51-0d0e6c2f3a44",
                     *         "enabled": "2026-11-25T09:30:00",
                     *         "user": "6e1b7c2f9d3a4e5f8a1b2c3d4e5f6a7b"
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["RootHistoryReply"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            413: components["responses"]["OverLimit"];
            422: components["responses"]["Unprocessable"];
            500: components["responses"]["InternalFault"];
            501: components["responses"]["NotImplemented"];
            503: components["responses"]["Unavailable"];
        };
    };
    listIdentityVersions: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The one version there is. */
            300: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "versions": {
                     *         "values": [
                     *           {
                     *             "id": "v3.14",
                     *             "status": "stable",
                     *             "updated": "2020-04-07T00:00:00Z",
                     *             "links": [
                     *               {
                     *                 "rel": "self",
                     *                 "href": "http://db.example.org:8779/identity/v3/"
                     *               }
                     *             ],
                     *             "media-types": [
                     *               {
                     *                 "base": "application/json",
                     *                 "type": "application/vnd.openstack.identity-v3+json"
                     *               }
                     *             ]
                     *           }
                     *         ]
                     *       }
                     *     }
                     */
                    "application/json": {
                        /** @description The list, in Keystone's wrapping. */
                        versions: {
                            /** @description The versions. */
                            values: components["schemas"]["IdentityVersion"][];
                        };
                    };
                };
            };
            500: components["responses"]["IdentityInternalError"];
        };
    };
    showIdentityVersion: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The version. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "version": {
                     *         "id": "v3.14",
                     *         "status": "stable",
                     *         "updated": "2020-04-07T00:00:00Z",
                     *         "links": [
                     *           {
                     *             "rel": "self",
                     *             "href": "http://db.example.org:8779/identity/v3/"
                     *           }
                     *         ],
                     *         "media-types": [
                     *           {
                     *             "base": "application/json",
                     *             "type": "application/vnd.openstack.identity-v3+json"
                     *           }
                     *         ]
                     *       }
                     *     }
                     */
                    "application/json": {
                        /** @description The version. */
                        version: components["schemas"]["IdentityVersion"];
                    };
                };
            };
            500: components["responses"]["IdentityInternalError"];
        };
    };
    showToken: {
        parameters: {
            query?: {
                /** @description Leaves the catalog out of the answer when present, whatever its value. */
                nocatalog?: components["parameters"]["NoCatalog"];
            };
            header: {
                /** @description The token that the request is about. */
                "X-Subject-Token": components["parameters"]["SubjectToken"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The token. */
            200: {
                headers: {
                    "X-Subject-Token": components["headers"]["SubjectToken"];
                    Vary: components["headers"]["VaryToken"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "token": {
                     *         "methods": [
                     *           "password"
                     *         ],
                     *         "user": {
                     *           "id": "3c9b6d5a3f0d4c6e9a0b7c8d9e0f1a2d",
                     *           "name": "ada",
                     *           "domain": {
                     *             "id": "default",
                     *             "name": "Default"
                     *           },
                     *           "password_expires_at": null
                     *         },
                     *         "audit_ids": [
                     *           "yBqYt0y4R5m8cJ1kq0Zl3A"
                     *         ],
                     *         "issued_at": "2026-08-01T10:00:00.000000Z",
                     *         "expires_at": "2026-08-01T11:00:00.000000Z",
                     *         "is_domain": false,
                     *         "project": {
                     *           "id": "6e1b0c7f6f0d4d0f8a3c7a51f7d2a9b4",
                     *           "name": "demo",
                     *           "domain": {
                     *             "id": "default",
                     *             "name": "Default"
                     *           }
                     *         },
                     *         "roles": [
                     *           {
                     *             "id": "4d9b6d5a3f0d4c6e9a0b7c8d9e0f1a2e",
                     *             "name": "member"
                     *           }
                     *         ],
                     *         "catalog": [
                     *           {
                     *             "id": "1f9b6d5a3f0d4c6e9a0b7c8d9e0f1a2b",
                     *             "type": "database",
                     *             "name": "coffer",
                     *             "endpoints": [
                     *               {
                     *                 "id": "2a9b6d5a3f0d4c6e9a0b7c8d9e0f1a2c",
                     *                 "interface": "public",
                     *                 "region": "RegionOne",
                     *                 "region_id": "RegionOne",
                     *                 "url": "http://db.example.org:8779/v1.0/6e1b0c7f6f0d4d0f8a3c7a51f7d2a9b4"
                     *               }
                     *             ]
                     *           },
                     *           {
                     *             "id": "5b9b6d5a3f0d4c6e9a0b7c8d9e0f1a2f",
                     *             "type": "identity",
                     *             "name": "coffer-identity",
                     *             "endpoints": [
                     *               {
                     *                 "id": "6c9b6d5a3f0d4c6e9a0b7c8d9e0f1a30",
                     *                 "interface": "public",
                     *                 "region": "RegionOne",
                     *                 "region_id": "RegionOne",
                     *                 "url": "http://db.example.org:8779/identity/v3"
                     *               }
                     *             ]
                     *           }
                     *         ]
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["TokenReply"];
                };
            };
            400: components["responses"]["IdentityBadRequest"];
            401: components["responses"]["IdentityUnauthorized"];
            403: components["responses"]["IdentityForbidden"];
            404: components["responses"]["IdentityNotFound"];
            500: components["responses"]["IdentityInternalError"];
            503: components["responses"]["IdentityUnavailable"];
        };
    };
    createToken: {
        parameters: {
            query?: {
                /** @description Leaves the catalog out of the answer when present, whatever its value. */
                nocatalog?: components["parameters"]["NoCatalog"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "auth": {
                 *         "identity": {
                 *           "methods": [
                 *             "password"
                 *           ],
                 *           "password": {
                 *             "user": {
                 *               "name": "ada",
                 *               "domain": {
                 *                 "id": "default"
                 *               },
                 *               "password": "s3cret-Words"
                 *             }
                 *           }
                 *         },
                 *         "scope": {
                 *           "project": {
                 *             "name": "demo",
                 *             "domain": {
                 *               "id": "default"
                 *             }
                 *           }
                 *         }
                 *       }
                 *     }
                 */
                "application/json": components["schemas"]["NewToken"];
            };
        };
        responses: {
            /** @description The token. */
            201: {
                headers: {
                    "X-Subject-Token": components["headers"]["SubjectToken"];
                    Vary: components["headers"]["VaryToken"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "token": {
                     *         "methods": [
                     *           "password"
                     *         ],
                     *         "user": {
                     *           "id": "3c9b6d5a3f0d4c6e9a0b7c8d9e0f1a2d",
                     *           "name": "ada",
                     *           "domain": {
                     *             "id": "default",
                     *             "name": "Default"
                     *           },
                     *           "password_expires_at": null
                     *         },
                     *         "audit_ids": [
                     *           "yBqYt0y4R5m8cJ1kq0Zl3A"
                     *         ],
                     *         "issued_at": "2026-08-01T10:00:00.000000Z",
                     *         "expires_at": "2026-08-01T11:00:00.000000Z",
                     *         "is_domain": false,
                     *         "project": {
                     *           "id": "6e1b0c7f6f0d4d0f8a3c7a51f7d2a9b4",
                     *           "name": "demo",
                     *           "domain": {
                     *             "id": "default",
                     *             "name": "Default"
                     *           }
                     *         },
                     *         "roles": [
                     *           {
                     *             "id": "4d9b6d5a3f0d4c6e9a0b7c8d9e0f1a2e",
                     *             "name": "member"
                     *           }
                     *         ],
                     *         "catalog": [
                     *           {
                     *             "id": "1f9b6d5a3f0d4c6e9a0b7c8d9e0f1a2b",
                     *             "type": "database",
                     *             "name": "coffer",
                     *             "endpoints": [
                     *               {
                     *                 "id": "2a9b6d5a3f0d4c6e9a0b7c8d9e0f1a2c",
                     *                 "interface": "public",
                     *                 "region": "RegionOne",
                     *                 "region_id": "RegionOne",
                     *                 "url": "http://db.example.org:8779/v1.0/6e1b0c7f6f0d4d0f8a3c7a51f7d2a9b4"
                     *               }
                     *             ]
                     *           },
                     *           {
                     *             "id": "5b9b6d5a3f0d4c6e9a0b7c8d9e0f1a2f",
                     *             "type": "identity",
                     *             "name": "coffer-identity",
                     *             "endpoints": [
                     *               {
                     *                 "id": "6c9b6d5a3f0d4c6e9a0b7c8d9e0f1a30",
                     *                 "interface": "public",
                     *                 "region": "RegionOne",
                     *                 "region_id": "RegionOne",
                     *                 "url": "http://db.example.org:8779/identity/v3"
                     *               }
                     *             ]
                     *           }
                     *         ]
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["TokenReply"];
                };
            };
            400: components["responses"]["IdentityBadRequest"];
            401: components["responses"]["IdentityUnauthorized"];
            413: components["responses"]["IdentityTooLarge"];
            415: components["responses"]["IdentityUnsupportedMediaType"];
            500: components["responses"]["IdentityInternalError"];
            503: components["responses"]["IdentityUnavailable"];
        };
    };
    revokeToken: {
        parameters: {
            query?: never;
            header: {
                /** @description The token that the request is about. */
                "X-Subject-Token": components["parameters"]["SubjectToken"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Revoked; no body. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["IdentityBadRequest"];
            401: components["responses"]["IdentityUnauthorized"];
            403: components["responses"]["IdentityForbidden"];
            404: components["responses"]["IdentityNotFound"];
            500: components["responses"]["IdentityInternalError"];
            503: components["responses"]["IdentityUnavailable"];
        };
    };
    checkToken: {
        parameters: {
            query?: never;
            header: {
                /** @description The token that the request is about. */
                "X-Subject-Token": components["parameters"]["SubjectToken"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The token is valid; no body. */
            200: {
                headers: {
                    "X-Subject-Token": components["headers"]["SubjectToken"];
                    Vary: components["headers"]["VaryToken"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description X-Subject-Token is missing; no body. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The caller's token is not valid; no body. */
            401: {
                headers: {
                    "WWW-Authenticate": components["headers"]["WwwAuthenticate"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The caller may not ask about this token; no body. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The token is unknown or expired; no body. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Something nobody foresaw; no body. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The store cannot be reached; no body. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    showCatalog: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The catalog. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "catalog": [
                     *         {
                     *           "id": "1f9b6d5a3f0d4c6e9a0b7c8d9e0f1a2b",
                     *           "type": "database",
                     *           "name": "coffer",
                     *           "endpoints": [
                     *             {
                     *               "id": "2a9b6d5a3f0d4c6e9a0b7c8d9e0f1a2c",
                     *               "interface": "public",
                     *               "region": "RegionOne",
                     *               "region_id": "RegionOne",
                     *               "url": "http://db.example.org:8779/v1.0/6e1b0c7f6f0d4d0f8a3c7a51f7d2a9b4"
                     *             }
                     *           ]
                     *         },
                     *         {
                     *           "id": "5b9b6d5a3f0d4c6e9a0b7c8d9e0f1a2f",
                     *           "type": "identity",
                     *           "name": "coffer-identity",
                     *           "endpoints": [
                     *             {
                     *               "id": "6c9b6d5a3f0d4c6e9a0b7c8d9e0f1a30",
                     *               "interface": "public",
                     *               "region": "RegionOne",
                     *               "region_id": "RegionOne",
                     *               "url": "http://db.example.org:8779/identity/v3"
                     *             }
                     *           ]
                     *         }
                     *       ],
                     *       "links": {
                     *         "self": "http://db.example.org:8779/identity/v3/auth/catalog",
                     *         "next": null,
                     *         "previous": null
                     *       }
                     *     }
                     */
                    "application/json": {
                        /** @description The services. */
                        catalog: components["schemas"]["CatalogService"][];
                        links: components["schemas"]["IdentityListLinks"];
                    };
                };
            };
            401: components["responses"]["IdentityUnauthorized"];
            403: components["responses"]["IdentityForbidden"];
            500: components["responses"]["IdentityInternalError"];
            503: components["responses"]["IdentityUnavailable"];
        };
    };
    listProjects: {
        parameters: {
            query?: {
                /** @description Only the project of this name. */
                name?: components["schemas"]["IdentityText"];
                /** @description Only projects of this domain. */
                domain_id?: components["schemas"]["IdentityText"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The projects. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "projects": [
                     *         {
                     *           "id": "6e1b0c7f6f0d4d0f8a3c7a51f7d2a9b4",
                     *           "name": "demo",
                     *           "domain_id": "default",
                     *           "parent_id": "default",
                     *           "description": "",
                     *           "enabled": true,
                     *           "is_domain": false,
                     *           "tags": [],
                     *           "options": {},
                     *           "links": {
                     *             "self": "http://db.example.org:8779/identity/v3/projects/6e1b0c7f6f0d4d0f8a3c7a51f7d2a9b4"
                     *           }
                     *         }
                     *       ],
                     *       "links": {
                     *         "self": "http://db.example.org:8779/identity/v3/projects",
                     *         "next": null,
                     *         "previous": null
                     *       }
                     *     }
                     */
                    "application/json": {
                        /** @description The projects. */
                        projects: components["schemas"]["Project"][];
                        links: components["schemas"]["IdentityListLinks"];
                    };
                };
            };
            400: components["responses"]["IdentityBadRequest"];
            401: components["responses"]["IdentityUnauthorized"];
            403: components["responses"]["IdentityForbidden"];
            500: components["responses"]["IdentityInternalError"];
            503: components["responses"]["IdentityUnavailable"];
        };
    };
}
