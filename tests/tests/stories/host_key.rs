//! An RSA key of an imagined host application. It protects nothing: it was made for these stories.

/// The private half: PKCS #1 DER in base64.
pub(crate) const PRIVATE: &str = "\
    MIIEowIBAAKCAQEA2i2XpAc4p/SB2PewCWQ+YhC5FXSlGafBuQwm1TH6jtPDD+SaglVoSnfwnNzs5gJhnAz+yIhbCFvh8/divtXD\
    Thf6410WRIMk9WedrDXG/bPidLHiQY3mqtE3f5vgHQiPUU6LzqLRyxV1pdgEcYLhWu745v39KMhT277ewZCrvXdeYPhujVE/XiVd\
    PBgws1hhJR9ZGzJk/XMY2AvJEHVZi9MpBW1qaPELJtkyO7qlwKjMSsluy7FJaOer3wqxwbCgXkh8/jl5Pd60mqpPmbAdSgoYZhdm\
    RFCwxaxcQp9+xezrODCfaauvwnNN5v8qJ+vNlL7uZalfmShslc04Z1L8YwIDAQABAoIBAGcZLlQzmWE8mHNnsAbwGM6ManmqEi6K\
    aG/CP0N1h5oglUeYVi8Knuq5vLjTaRrTuz5bobYvQR01FhQMLdxR9SWdDVCNd21Or5NLsGVlUDAo5fUQ7gLeREcp8Fjb1s7BccAR\
    Jt2xcQPPkzWYW5ksKMOos3OsSAoSiBYKHwdHDvDLbSgvQBQYvIGQ1HnGAQ5ywIyuF2wlM13ZfMLeTPqzyBxJP4k+FhAjAHBiOzbK\
    iF+ovWg80TJwXv9pwAFar9fSoUviFEDmgnunK0KSFjHcZmHL0OwcvBvA0Cfv7JcAFBUUsoJ0170LR65lLBpVx7mNT1kcMHwTdV/g\
    /FdZcqKqXEkCgYEA8IWy+EMhaD9Lx/oNtTgsUu4tmFwZZs/Q7pjVS47rOdduPXTTNAtggMAi7CNHTLQ3bbAmNoiiC+2zPSRGG81r\
    PbGMZLtgsnrOuXFMmq86oqdF4Htjk9JjiY7zMweVJBbEYE5s5usP4RCpvku39UAn4Grot/0ba/PjVnLFJiFOc/0CgYEA6DfNIH2c\
    /gLXQGhJCPr+9nQgXawrvJe/4r1/QHNsMWkcGoFaqIWMXqC4NiIO4sF9uAmk74IC3sA7E0DkRNt1udjj7/aCWUgFXitpySb65Ucy\
    3ZdY+0S1z5OBAOZayPKOOusonBFNgs/vlPvWj5WQjU/VKGURCzOrxN4mYlcar98CgYB3SlhROTpAceQr8qEJ2Cpjly2V+1e93iRJ\
    shNXvjJ8JZTPdjmp/lqGgMTRSU37hQZYqJzLP0jfkazsDimXcHJXzs9KxoRXAQG2h7LupSn3se6+P3RLxHUJrJSCIqidlY0gFsV8\
    YekmPxVxBCzgvkkIzP1PA4GuMO/32ERffPVkIQKBgQDNapcs15EpbW/lzJpWtFkXwA/lbOjfkkkulLxdUfzyFG3E0IpWqpRKHNf3\
    IteSJOFGDFn3eEV7sAZR+MQ0WQHh3Yd8fM4/liMRc0vHoZCtgvbu5/PRia1eqreiCSNjwJSqb9zjebbcMX5YhxH8v6w4JNeFPSn/\
    g7y9kFnaAf1cdwKBgHMtgFRuc0bzuXEXGJhmGLe5xDAtogWL+vwM11cDHhennh4kYRi02YHWF5Erx2hfvJS5KR0M2syML+BmPWHO\
    ygVZAgb1sYDL7w+boOIJG0CXZIhe7uTvM5aEjxxB9ykZlWZ5R0zoSh2plRc84VURQMT6y1y3y59r0jUQ9hgNJwGG";

/// The public half: the modulus as a JWK writes it. The exponent is 65537.
pub(crate) const MODULUS: &str = "\
    2i2XpAc4p_SB2PewCWQ-YhC5FXSlGafBuQwm1TH6jtPDD-SaglVoSnfwnNzs5gJhnAz-yIhbCFvh8_divtXDThf6410WRIMk9Wed\
    rDXG_bPidLHiQY3mqtE3f5vgHQiPUU6LzqLRyxV1pdgEcYLhWu745v39KMhT277ewZCrvXdeYPhujVE_XiVdPBgws1hhJR9ZGzJk\
    _XMY2AvJEHVZi9MpBW1qaPELJtkyO7qlwKjMSsluy7FJaOer3wqxwbCgXkh8_jl5Pd60mqpPmbAdSgoYZhdmRFCwxaxcQp9-xezr\
    ODCfaauvwnNN5v8qJ-vNlL7uZalfmShslc04Z1L8Yw";
