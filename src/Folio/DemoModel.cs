using Folio.Models;

namespace Folio;

/// <summary>The model that travels inside the command: 8 million parameters that tell stories.</summary>
internal static class DemoModel
{
    private const string Name = "folio-demo.gguf";

    /// <summary>Reads the model where the runtime mapped the assembly: nothing is unpacked or copied.</summary>
    public static unsafe ModelSource Open()
    {
        var resource = (UnmanagedMemoryStream)typeof(DemoModel).Assembly.GetManifestResourceStream(Name)!;
        return ModelSource.FromGguf(resource.PositionPointer, resource.Length, Name);
    }
}
