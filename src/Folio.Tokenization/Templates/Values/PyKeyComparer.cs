using System.Numerics;

namespace Folio.Tokenization.Templates;

/// <summary>Equality and hashes of dict keys: 1, 1.0 and True are one key, a text is its characters.</summary>
internal sealed class PyKeyComparer(Rendering run) : IEqualityComparer<object>
{
    public new bool Equals(object? x, object? y) => PyOperators.AreEqual(run, x!, y!);

    public int GetHashCode(object key)
    {
        run.Step();
        PyTypes.RequireHashable(key);
        switch (key)
        {
            case PyString text:
                run.Scan(text.Text.Length);
                return string.GetHashCode(text.Text, StringComparison.Ordinal);
            case bool truth:
                return (truth ? BigInteger.One : BigInteger.Zero).GetHashCode();
            case double number when Math.Floor(number) == number && !double.IsInfinity(number):
                return new BigInteger(number).GetHashCode();
            case PyTuple tuple:
                run.Enter();
                var hash = new HashCode();
                foreach (object item in tuple.Items) hash.Add(GetHashCode(item));
                run.Leave();
                return hash.ToHashCode();
            case Undefined:
                return 0;
            default:
                return key.GetHashCode();
        }
    }
}
