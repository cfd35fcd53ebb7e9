package io.llamanode.service.contract;

/** Where the value of a setting comes from. */
public enum Origin {
    /** What holds where nobody says anything. */
    DEFAULT,
    /** The file of the model. */
    MODEL,
    /** The node, by the machine, the model or another setting. */
    AUTO,
    /** The configuration file of a service. */
    FILE,
    /** A variable of the service's environment. */
    ENVIRONMENT,
    /** An option of the start or of a load, or a flag of the command line. */
    OPTION,
    /** The configuration of a session. */
    SESSION
}
