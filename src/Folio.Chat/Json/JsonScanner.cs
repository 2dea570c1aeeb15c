namespace Folio.Chat;

/// <summary>Checks a JSON object character by character (RFC 8259), so that a fault is known where it stands.</summary>
internal struct JsonScanner
{
    /// <summary>Brackets that may be open at once.</summary>
    public const int MaxDepth = 128;

    private UInt128 _objects; // a bit for each open bracket, the innermost lowest; 1: an object
    private State _state;
    private bool _isKey;      // the string that is being read
    private string _literal;
    private int _count;       // characters of the literal, or hex digits of the escape

    /// <summary>Open brackets.</summary>
    public int Depth { get; private set; }

    public bool IsComplete { get; private set; }

    public readonly bool InString => _state is State.Text or State.Escape or State.Hex;

    /// <returns>Whether the text is an object, and nothing but white space around it.</returns>
    public static bool IsObject(ReadOnlySpan<char> text)
    {
        JsonScanner scanner = default;
        foreach (char c in text.Trim())
        {
            if (scanner.IsComplete || !scanner.Push(c)) return false;
        }

        return scanner.IsComplete;
    }

    /// <returns>False: no JSON object goes on like this. Nothing may be pushed after that, nor after the object is complete.</returns>
    public bool Push(char c) => _state switch
    {
        State.Start => c == '{' && Open(isObject: true),
        State.Text => PushText(c),
        State.Escape => PushEscape(c),
        State.Hex => PushHex(c),
        State.Literal => PushLiteral(c),
        State.Minus or State.Point or State.Exponent or State.ExponentSign => PushNumberStart(c),
        State.Zero or State.Integer or State.Fraction or State.ExponentDigits => PushNumber(c),
        _ => IsSpace(c) || PushStructure(c),
    };

    private bool PushStructure(char c) => _state switch
    {
        State.FirstKey => c == '}' ? Close(isObject: true) : c == '"' && BeginText(isKey: true),
        State.Key => c == '"' && BeginText(isKey: true),
        State.Colon => c == ':' && Go(State.Value),
        State.FirstItem => c == ']' ? Close(isObject: false) : PushValue(c),
        State.Value => PushValue(c),
        _ => c switch // behind a value
        {
            ',' => Go((_objects & 1) == 1 ? State.Key : State.Value),
            '}' => Close(isObject: true),
            ']' => Close(isObject: false),
            _ => false,
        },
    };

    private bool PushValue(char c) => c switch
    {
        '"' => BeginText(isKey: false),
        '{' => Open(isObject: true),
        '[' => Open(isObject: false),
        '-' => Go(State.Minus),
        '0' => Go(State.Zero),
        >= '1' and <= '9' => Go(State.Integer),
        't' => BeginLiteral("true"),
        'f' => BeginLiteral("false"),
        'n' => BeginLiteral("null"),
        _ => false,
    };

    private bool PushText(char c) => c switch
    {
        '"' => Go(_isKey ? State.Colon : State.AfterValue),
        '\\' => Go(State.Escape),
        _ => c >= ' ',
    };

    private bool PushEscape(char c)
    {
        _count = 0;
        return c is '"' or '\\' or '/' or 'b' or 'f' or 'n' or 'r' or 't' ? Go(State.Text) : c == 'u' && Go(State.Hex);
    }

    private bool PushHex(char c) => char.IsAsciiHexDigit(c) && (++_count < 4 || Go(State.Text));

    private bool PushLiteral(char c) => c == _literal[_count] && (++_count < _literal.Length || Go(State.AfterValue));

    /// <summary>Where a number needs a digit.</summary>
    private bool PushNumberStart(char c) => _state switch
    {
        State.Minus when c == '0' => Go(State.Zero),
        State.Exponent when c is '+' or '-' => Go(State.ExponentSign),
        _ => char.IsAsciiDigit(c) && Go(_state switch { State.Minus => State.Integer, State.Point => State.Fraction, _ => State.ExponentDigits }),
    };

    /// <summary>Where a number may end: with the character behind it.</summary>
    private bool PushNumber(char c)
    {
        if (char.IsAsciiDigit(c)) return _state != State.Zero;
        if (c == '.' && _state is State.Zero or State.Integer) return Go(State.Point);
        if (c is 'e' or 'E' && _state != State.ExponentDigits) return Go(State.Exponent);
        _state = State.AfterValue;
        return Push(c);
    }

    private bool Open(bool isObject)
    {
        if (Depth == MaxDepth) return false;
        Depth++;
        _objects = (_objects << 1) | (isObject ? UInt128.One : UInt128.Zero);
        return Go(isObject ? State.FirstKey : State.FirstItem);
    }

    private bool Close(bool isObject)
    {
        if (((_objects & 1) == 1) != isObject) return false;
        _objects >>= 1;
        IsComplete = --Depth == 0;
        return Go(State.AfterValue);
    }

    private bool BeginText(bool isKey)
    {
        _isKey = isKey;
        return Go(State.Text);
    }

    private bool BeginLiteral(string literal)
    {
        (_literal, _count) = (literal, 1);
        return Go(State.Literal);
    }

    private bool Go(State state)
    {
        _state = state;
        return true;
    }

    private static bool IsSpace(char c) => c is ' ' or '\n' or '\r' or '\t';

    private enum State : byte
    {
        Start,
        FirstKey,
        Key,
        Colon,
        Value,
        FirstItem,
        AfterValue,
        Text,
        Escape,
        Hex,
        Literal,
        Minus,
        Zero,
        Integer,
        Point,
        Fraction,
        Exponent,
        ExponentSign,
        ExponentDigits,
    }
}
