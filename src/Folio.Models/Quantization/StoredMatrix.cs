using Folio.Compute;
using Folio.Formats;

namespace Folio.Models;

/// <summary>A matrix as it is given to the backend.</summary>
/// <param name="Tensors">The stored tensors that it is read from: their memory may go once it is packed.</param>
internal sealed record StoredMatrix(WeightSource Source, params StoredTensor[] Tensors);
