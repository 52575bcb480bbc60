"""Adam in one kernel: at the paper's width, Keras' takes a third of a training step of BM-GAN."""

import keras
import tensorflow as tf


class OneKernelAdam(keras.optimizers.Adam):
    """Keras' Adam, whose step reads and writes every weight once instead of ten times.

    Rule, slots and state on disk are those of Keras; results agree to rounding.
    """

    def update_step(
        self, gradient: tf.Tensor, variable: tf.Variable, learning_rate: tf.Tensor
    ) -> None:
        """Move one variable and its slots."""
        index = self._get_variable_index(variable)
        step = tf.cast(self.iterations + 1, variable.dtype)
        first, second = (tf.cast(beta, variable.dtype) for beta in (self.beta_1, self.beta_2))
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=self._momentums[index].value.handle,
            v=self._velocities[index].value.handle,
            beta1_power=first**step,
            beta2_power=second**step,
            lr=tf.cast(learning_rate, variable.dtype),
            beta1=first,
            beta2=second,
            epsilon=tf.cast(self.epsilon, variable.dtype),
            grad=tf.cast(gradient, variable.dtype),
        )
